"""pty-chi's LSQ-ML on the Siemens star, in an environment of its own, for comparison.

`measured` makes the environment once, under `.venv`. Run as a script, it reads the scan and writes
a line of JSON for every epoch: CPU seconds of one thread so far, and the squared amplitude error
of the epoch as it went, which is what its own loss is.
"""

import json
import subprocess
import sys
from pathlib import Path
from time import process_time
from types import ModuleType

PACKAGE = "ptychi==2.2.0"
EPOCHS, BATCH = 30, 32


def measured(scan: Path) -> list[dict[str, float]]:
    """CPU seconds and R after each epoch; LookupError where it cannot be installed."""
    from tests.benchmarks.stock_unet import ROOT, environment

    python = environment(ROOT / ".venv" / "diffraction-rivals", PACKAGE)
    found = subprocess.run(
        [python, __file__, scan], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return [json.loads(line) for line in found.splitlines() if line.startswith('{"cpu_s"')]


def _without_torchvision() -> None:
    """It wants one filter of a package that is built for another torch; the filter is not used."""
    vision, transforms = ModuleType("torchvision"), ModuleType("torchvision.transforms")
    transforms.GaussianBlur = object  # type: ignore[attr-defined]
    sys.modules |= {"torchvision": vision, "torchvision.transforms": transforms}


def _reconstruct(path: str) -> None:
    _without_torchvision()
    import numpy as np
    import ptychi.api as api
    import torch
    from ptychi.api.task import PtychographyTask

    torch.set_num_threads(1)
    with np.load(path) as file:
        frames = np.fft.fftshift(file["diffraction"].astype(np.float32), axes=(1, 2))
        places, probe = file["scan_px"].astype(np.float32), file["probe"]
    span = np.ceil(np.ptp(places, axis=0)).astype(int) + probe.shape[-1] + 8
    options = api.LSQMLOptions()
    options.data_options.data = frames
    options.object_options.initial_guess = torch.ones(1, *span, dtype=torch.complex64)
    options.probe_options.initial_guess = torch.from_numpy(probe)[None, None]
    options.probe_position_options.position_y_px = torch.from_numpy(places[:, 0])
    options.probe_position_options.position_x_px = torch.from_numpy(places[:, 1])
    options.reconstructor_options.num_epochs = EPOCHS
    options.reconstructor_options.batch_size = BATCH
    options.reconstructor_options.default_device = api.Devices.CPU
    options.reconstructor_options.random_seed = 0
    task = PtychographyTask(options)
    began = process_time()
    for _ in range(EPOCHS):
        task.run(1)
        loss = float(task.reconstructor.loss_tracker.table["loss"].iloc[-1])
        told = {"cpu_s": process_time() - began, "r": loss / float(frames.mean())}
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    _reconstruct(sys.argv[1])
