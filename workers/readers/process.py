"""Starting the reading process and wording how it ended. The portal calls `ingest` and no more."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.readers.ingest import NO_ROOM, no_room, refused

logger = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
MAX_LOG_BYTES = 4000
GRACE_SECONDS = 5.0  # of wall clock, so that the processor-time limit can speak first


def ingest(request: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
    """Have the files of `request` (docs/contracts.md §1) read by a separate, limited process.

    Returns its reply, `{"state": "ready" | "attention" | "refused", "problems": […], …}`. A
    process that was killed, hung for `timeout` seconds, or crashed is worded as a refusal; then
    neither `output` nor anything half-made is left.
    """
    output, reply_file = Path(request["output"]), Path(request["reply"])
    try:
        with tempfile.TemporaryDirectory(prefix=".reading-", dir=output.parent) as folder:
            request_file = Path(folder) / "request.json"
            request_file.write_text(json.dumps(dict(request)))
            code = _run(request_file, Path(folder), timeout)
            reply = _reply(reply_file, code)
            if code != 0:
                _tell_operator(code, Path(folder) / "log")
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        reply = no_room()
    if reply["state"] == "refused":
        _remove(output)
    return reply


def _run(request_file: Path, folder: Path, timeout: float) -> int | None:
    """The exit code of the reading process; None when it had to be stopped for its time."""
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "workers.readers.ingest", str(request_file)],
            env=_environment(folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            return child.wait(timeout + GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's environment but where programs lie: no secret reaches a parser."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        # One thread each: every further one of these libraries reserves memory of the limit.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TIFFFILE_NUM_THREADS": "1",
        "HDF5_PLUGIN_PRELOAD": "::",
    }


def _reply(reply_file: Path, code: int | None) -> dict[str, Any]:
    """What the process said, or what its end says."""
    if code == 0 and reply_file.is_file():
        reply: dict[str, Any] = json.loads(reply_file.read_text())
        return reply
    if code is None or code == -signal.SIGXCPU:
        return refused(
            "all files",
            "Reading took longer than one upload may take, and was stopped.",
            "Upload fewer channels, or cut the map into fields.",
        )
    if code == -signal.SIGKILL:
        return refused(
            "all files",
            "Reading was stopped by the system: it took too much memory or too long.",
            "Upload fewer channels, or cut the map into fields.",
        )
    return refused(
        "all files",
        "The reader failed on these files: they are damaged, or of a kind it has not met.",
        "Export text or TIFF, one file per element; tell the operator if it happens again.",
    )


def _tell_operator(code: int | None, log: Path) -> None:
    """Keep the last words of a process that failed; they may quote the file, so nobody else's."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - MAX_LOG_BYTES, 0))
        words = file.read().decode("utf-8", "replace")
    logger.error("The reading process ended with code %s: %s", code, words)


def _remove(output: Path) -> None:
    """Remove what a process that was killed while writing may have left of `output`."""
    for left in (output, *output.parent.glob(f".{output.name}.partial-*")):
        shutil.rmtree(left, ignore_errors=True)
