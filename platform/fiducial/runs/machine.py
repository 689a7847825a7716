"""What memory this machine has, in bytes: of its processor and of its GPUs."""

import math
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

CGROUP = Path("/sys/fs/cgroup")
MEBIBYTE = 2**20
SMI_SECONDS = 5


def total_memory() -> int:
    """What a run could have if nothing else ran here; 0 where the system does not say."""
    found = [_meminfo("MemTotal"), _cgroup("memory.max")]
    known = [value for value in found if value is not None]
    return min(known, default=0)


def free_memory() -> float:
    """What a run can have now; infinite where the system does not say."""
    limit, taken = _cgroup("memory.max"), _cgroup("memory.current")
    left = limit - taken if limit is not None and taken is not None else None
    known = [value for value in (_meminfo("MemAvailable"), left) if value is not None]
    return min(known, default=math.inf)


def gpus() -> list[dict[str, Any]]:
    """Name, used and total memory of every GPU this process may use."""
    command, chosen = shutil.which("nvidia-smi"), os.environ.get("CUDA_VISIBLE_DEVICES")
    if command is None or chosen == "":
        return []
    asked = [command, "--query-gpu=name,memory.used,memory.total", "--format=csv,noheader,nounits"]
    if chosen:
        asked.append(f"--id={chosen}")
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(
            asked, capture_output=True, text=True, timeout=SMI_SECONDS, check=True
        )
        return [_gpu(line) for line in said.stdout.splitlines() if line.strip()]
    return []


def _gpu(line: str) -> dict[str, Any]:
    name, used, total = (part.strip() for part in line.rsplit(",", 2))
    return {"name": name, "used": int(used) * MEBIBYTE, "total": int(total) * MEBIBYTE}


def _meminfo(name: str) -> int | None:
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None


def _cgroup(name: str) -> int | None:
    with suppress(OSError, ValueError):  # a group without a limit says “max”
        return int((CGROUP / name).read_text())
    return None
