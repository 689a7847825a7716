"""Put a trained guide network beside its card: `python -m workers.training.card_guide`.

`--guides DIR --scenes DIR --output DIR`: `guide4.safetensors` and its log lie in `--guides`, the
scenes it was trained on in `--scenes`. What it is worth is measured by `make benchmark-diffusion`,
on rocks of its own, and not repeated on the card.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

from workers.training.calibrate import digest, training_log
from workers.training.cards import XRAY, card

CELL = 4


def write(guides: Path, scenes: Path, output: Path) -> None:
    """Copy the weights and write `card.json`."""
    output.mkdir(parents=True, exist_ok=True)
    file = output / f"cell{CELL}.safetensors"
    shutil.copyfile(guides / f"guide{CELL}.safetensors", file)
    model = {
        "licence": "BSD-3-Clause",
        "trained_on": "synthetic scenes of workers.training.scenes and their electron images, "
        "displaced, bent, shaded and exchanged; the regression it corrects saw none of them",
        "regression_model": XRAY,
        "weights": {file.name: hashlib.sha256(file.read_bytes()).hexdigest()},
        "regression": {file.name: card()["weights"][file.name]},
        "training": {f"cell{CELL}": training_log(guides, f"guide{CELL}")},
        "scenes": {
            "training": {"count": len(list(scenes.glob("*.npz"))), "sha256": digest(scenes)}
        },
    }
    (output / "card.json").write_text(json.dumps(model, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("guides", "scenes", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    write(given.guides, given.scenes, given.output)


if __name__ == "__main__":
    main()
