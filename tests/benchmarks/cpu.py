"""Time and memory of one estimate, in a process of its own: `python -m tests.benchmarks.cpu`.

Ten elements of 128 x 128 counts become 512 x 512 with five members, on two threads. The time
includes reading the weights and excludes importing torch; the memory includes everything.
"""

import json
import resource
import subprocess
import sys
from time import perf_counter

import numpy as np

ELEMENTS = 10
THREADS = 2


def measure() -> dict[str, float]:
    """The two figures of this process; call it once, first thing."""
    import torch

    from workers.posteriors.api import estimate

    torch.set_num_threads(THREADS)
    counts = np.random.default_rng(0).poisson(50, (ELEMENTS, 128, 128)).astype(np.float32)
    began = perf_counter()
    estimate(counts, 4, "binned", seed=0)
    seconds = perf_counter() - began
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "cpu.seconds_512x512x10_x4_5members": seconds,
        "cpu.peak_rss_gb": peak_kib * 1024 / 1e9,
    }


def measure_apart() -> dict[str, float]:
    """`measure` in a fresh interpreter, so that nothing loaded before counts."""
    command = [sys.executable, "-m", "tests.benchmarks.cpu"]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(found.stdout)
    return figures


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure()))
