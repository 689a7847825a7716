"""Write the card of a network of scanning diffraction, with its figures on held-out drawn scans.

`python -m workers.training.card_diffraction --net patches --weights FILE --output DIR`

The scans come from the generator of the training with other seeds: they tell whether the network
learned, not what it does for a measured scan; that is `make benchmark-diffraction`.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from workers.posteriors.diffraction.glance import first_guess
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import Reconstruction, refine, started
from workers.posteriors.diffraction.stitching import Finder, found_object
from workers.training.optics.scans import drawn_scan
from workers.training.registry import WHOLE
from workers.training.train_diffraction import FRAMES, SIDES, new_net

SCANS, SEED = 40, 9000
PASSES = (2, 20)


def errors(net: Finder, scan: Scan, probe: Tensor, seed: int) -> dict[str, float]:
    """R of the first guess, of the network's object, and of the solver that knows the probe."""
    start = started(scan, probe)
    found = {
        "first guess": Reconstruction(first_guess(scan, probe), probe, scan),
        "network": Reconstruction(found_object(net, scan, probe), probe, scan),
    }
    for passes in PASSES:
        generator = torch.Generator().manual_seed(seed)
        found[f"solver, {passes} passes"] = refine(start, passes, generator, probe_from=passes)
    return {name: each.amplitude_error() for name, each in found.items()}


def held_out(name: str, net: Finder) -> dict[str, float]:
    """Geometric means of the errors over scans that no training has drawn."""
    rows = []
    for seed in range(SEED, SEED + SCANS):
        rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        scan, probe = drawn_scan(FRAMES, int(rng.choice(SIDES[name])), rng, generator)
        rows.append(errors(net, scan, probe, seed))
    return {key: float(np.exp(np.mean([np.log(row[key]) for row in rows]))) for key in rows[0]}


def card_of(name: str, weights: Path) -> dict[str, Any]:
    net = new_net(name)
    net.load_state_dict({k: v.float() for k, v in load_file(weights).items()})
    figures = held_out(name, net.eval())
    return {
        "licence": "BSD-3-Clause",
        "trained_on": "procedural scans of workers.training.optics alone, without labels",
        "weights": {WHOLE: hashlib.sha256(weights.read_bytes()).hexdigest()},
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "held_out": {
            "scans": f"{SCANS} drawn scans of {FRAMES} frames, seeds from {SEED}",
            "squared amplitude error, geometric mean": {
                key: round(value, 5) for key, value in figures.items()
            },
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", choices=tuple(SIDES), required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(given.weights, given.output / WHOLE)
    text = json.dumps(card_of(given.net, given.weights), indent=1)
    (given.output / "card.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
