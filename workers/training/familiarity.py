"""Learn what training scenes look like to a network, and when to withdraw a claim.

`python -m workers.training.familiarity --training DIR --limits DIR --test DIR --model NAME`

Sets of scenes (`workers.training.scenes` with seeds of their own): descriptors are fitted on the
first, limits chosen on the second so that one specimen in twenty of a known kind is flagged, and
the share flagged by mistake is measured on the third. `--foreign DIR` holds scenes of no mineral at
all (`tests.benchmarks.photographs`): how many of them pass unnoticed is on the card, too. A scene
is a specimen. Writes `familiarity.safetensors` beside the model's weights, and `familiarity` into
its card, after every operator.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from workers.assessment.familiarity import Array, Familiar, describe, fit_familiar, piece_side
from workers.assessment.scores import auroc
from workers.networks.cellnet import CellNet
from workers.training.calibrate import specimens, tasks
from workers.training.cards import MODELS
from workers.training.registry import FAMILIARITY, load_ensemble

ALARMS = 0.05  # share of specimens of a known kind whose claims are withdrawn by mistake
DOSES = 2  # measurements of every training scene, each elsewhere and at another dose
SETS = {"limits": 51, "test": 61, "foreign": 71}  # and the seeds of their counts


def descriptors(net: CellNet, folder: Path, name: str, factor: int, seed: int) -> Array:
    """Of one piece of every specimen, `(specimens · elements, d)`, and which specimen each is of
    as the last column."""
    rows = []
    for n, s in enumerate(specimens(folder, name, factor, seed)):
        side = piece_side(s.forward)
        y = torch.from_numpy(s.y[:, :side, :side])
        (described,) = describe(net, y, s.forward, torch.ones(len(y)))
        rows.append(np.column_stack([described, np.full(len(described), n)]))
    return np.concatenate(rows)


def distances(familiar: Familiar, described: Array) -> Array:
    """How strange each specimen is: the median over its elements, `(specimens,)`.

    One odd element does not make a foreign material.
    """
    away, owner = familiar.distance(described[:, :-1]), described[:, -1]
    return np.array([np.median(away[owner == n]) for n in np.unique(owner)])


def learn(net: CellNet, name: str, factor: int, given: argparse.Namespace) -> tuple[Familiar, Any]:
    """What one operator and factor looks like, and the figures of its card."""
    training = [descriptors(net, given.training, name, factor, 41 + dose) for dose in range(DOSES)]
    known = fit_familiar(np.concatenate(training)[:, :-1])
    found = {
        each: distances(known, descriptors(net, getattr(given, each), name, factor, seed))
        for each, seed in SETS.items()
        if getattr(given, each) is not None
    }
    limit = float(np.quantile(found["limits"], 1 - ALARMS))
    figures: dict[str, Any] = {
        "limit": round(limit, 4),
        "specimens": len(found["test"]),
        "false_alarms": round(float((found["test"] > limit).mean()), 4),
    }
    if "foreign" in found:
        figures["foreign"] = noticed(found["foreign"], found["test"], limit)
    return Familiar(known.mean, known.precision, limit), figures


def noticed(foreign: Array, known: Array, limit: float) -> dict[str, float]:
    """How well distances of foreign scenes are told from those of known specimens."""
    strange = np.repeat([True, False], [len(foreign), len(known)])
    return {
        "specimens": len(foreign),
        "auroc": round(auroc(np.concatenate([foreign, known]), strange), 4),
        "flagged": round(float((foreign > limit).mean()), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("training", *SETS):
        parser.add_argument(f"--{name}", type=Path, required=name != "foreign")
    parser.add_argument("--model", required=True, help="a folder of workers/models")
    given = parser.parse_args()
    tensors: dict[str, torch.Tensor] = {}
    file = MODELS / given.model / FAMILIARITY
    card_file = file.with_name("card.json")
    every = [(name, factor, cell) for cell in (2, 4, 8) for name, factor in tasks(cell)]
    # What most maps are measured with comes first.
    for name, factor, cell in sorted(every, key=lambda task: task[0] not in ("fine", "binned")):
        key = f"{name}.x{factor}"
        net = load_ensemble(cell, given.model).members[0]
        known, figures = learn(net, name, factor, given)
        tensors |= {f"{key}.{part}": tensor for part, tensor in known.tensors().items()}
        print(key, figures, flush=True)  # noqa: T201  a command's output
        save_file(tensors, file)
        card = json.loads(card_file.read_text())
        card.setdefault("familiarity", {})[key] = figures
        card["weights"][FAMILIARITY] = hashlib.sha256(file.read_bytes()).hexdigest()
        card_file.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
