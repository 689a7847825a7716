"""How fast previews of live scans take frames, with one worker and two: `make benchmark-live`.

Every worker is a process of its own with one thread, as `diffraction-live` has it, and a scan of
its own: one preview is the work of one process, several scans share the workers. All 516 measured
frames of the Siemens star lie there from the start, so that what is counted is the preview and not
the detector; it ends with the last frame that joined, and the last passes are told apart.

`frames_per_second` is by the clock, and falls where other programs use the cores (`load`, before
and after, says how much); `frames_per_cpu_second` is what a worker makes of a core while it has it.
`scaling` compares two workers with one by either: 2 is ideal.
"""

import json
import multiprocessing as processes
import os
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np

from tests.data import data_path

RESULTS = Path(__file__).parent / "results" / "live.json"
STAR = "diffraction/siemens-star-aps/siemens-star-aps.npz"
AT_ONCE = 32  # frames of a delivery
ASKED = {"modes": 1, "side": 64}
REPEATS = 3


def main() -> None:
    """Measure, print and keep."""
    load = [os.getloadavg()[0]]
    one, two = best(1), best(2)
    load.append(os.getloadavg()[0])
    by_cpu = 2 * two["frames_per_cpu_second"] / one["frames_per_cpu_second"]
    found = {
        "workers_1": one,
        "workers_2": two,
        "scaling": {
            "by_clock": round(two["frames_per_second"] / one["frames_per_second"], 2),
            "by_cpu": round(by_cpu, 2),
        },
        "cores": os.cpu_count(),
        "load": [round(each, 1) for each in load],
        "asked": ASKED,
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))  # noqa: T201


def best(count: int) -> dict[str, Any]:
    """The fastest of some repeats: the others are disturbed more by what else runs here."""
    each = [frames_per_second(count) for _ in range(REPEATS)]
    return max(each, key=lambda one: one["frames_per_second"])


def frames_per_second(count: int) -> dict[str, Any]:
    """Frames that join the previews of `count` workers per second, of all together."""
    context = processes.get_context("spawn")
    barrier, answers = context.Barrier(count), context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        workers = [
            context.Process(target=_worker, args=(Path(folder) / str(n), barrier, answers))
            for n in range(count)
        ]
        for worker in workers:
            worker.start()
        told = [answers.get(timeout=600) for _ in workers]
        for worker in workers:
            worker.join()
    began, joined = min(one["began"] for one in told), max(one["joined"] for one in told)
    return {
        "frames_per_second": round(sum(one["frames"] for one in told) / (joined - began), 1),
        "last_passes_seconds": round(max(one["ended"] - one["joined"] for one in told), 2),
        "frames_per_cpu_second": round(
            sum(one["frames"] for one in told) / sum(one["cpu"] for one in told), 1
        ),
        "misfit": round(told[0]["misfit"], 4),
    }


def _worker(folder: Path, barrier: Barrier, answers: Any) -> None:
    from workers.recipes import growing
    from workers.store.live import Delivery, Optics, open_live

    folder.mkdir()
    with np.load(data_path(STAR)) as held:
        frames, places, probe = held["diffraction"], held["scan_px"], held["probe"]
    optics = Optics(side=frames.shape[1], zero="corner")
    store = open_live(
        folder / "frames.zarr", optics, len(frames), places.astype(float), probe[None]
    )
    for number, first in enumerate(range(0, len(frames), AT_ONCE)):
        index = np.arange(first, min(first + AT_ONCE, len(frames)))
        store.add(number, Delivery(frames[index], index))
    store.end("closed")
    joined: list[float] = []

    def report(stage: str, share: float) -> None:
        if share == 1.0 and not joined:
            joined.extend((time.time(), time.process_time()))

    barrier.wait()
    began, cpu = time.time(), time.process_time()
    summary = growing.run(
        store.path, folder / "1.zarr", ASKED, seed=0, report=report, should_stop=lambda: False
    )
    answers.put(
        {
            "began": began,
            "joined": joined[0],
            "ended": time.time(),
            "cpu": joined[1] - cpu,
            "frames": summary["used"],
            "misfit": summary["misfit"],
        }
    )


if __name__ == "__main__":
    main()
