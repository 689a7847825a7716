"""One step of a stock diffusion network on a whole map, in an environment of its own.

The network is diffusers' UNet2DModel without attention. It lives apart because what it needs would
replace what we pin: `environment` makes such a place once, under `.venv`.
"""

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv" / "rivals"
PACKAGE = "diffusers==0.42.0"
SIDE = 512


def environment(folder: Path, *packages: str) -> Path:
    """The interpreter of an environment that holds `packages` beside our torch, made if need be.

    LookupError without a network.
    """
    python = folder / "bin" / "python"
    pins = ROOT / "constraints.txt"
    torch = next(line for line in pins.read_text().split() if line.startswith("torch=="))
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
        subprocess.run([*install, "-c", pins, torch, *packages], check=True)
    except subprocess.CalledProcessError as error:
        raise LookupError(f"{', '.join(packages)} could not be installed") from error
    return python


def seconds_in_its_own_environment() -> float:
    """Seconds of one evaluation on 512 × 512 pixels, one thread; LookupError without a network."""
    python = environment(ENVIRONMENT, PACKAGE, "numpy")
    found = subprocess.run([python, __file__], check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(found.stdout))


def _measure() -> float:
    import torch
    from diffusers import UNet2DModel

    torch.set_num_threads(1)
    net = UNet2DModel(
        sample_size=SIDE,
        in_channels=2,
        out_channels=1,
        block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
        add_attention=False,
    ).eval()
    x = torch.randn(1, 2, SIDE, SIDE)
    with torch.inference_mode():
        net(x, 1)  # the first call also warms up
        began = perf_counter()
        net(x, 1)
    return perf_counter() - began


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure()))
