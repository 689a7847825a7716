"""Teach the regression a lab's own rocks, and say whether it is better for it.

`python -m workers.training.teach --on FOLDER --judge FOLDER --factor 4 --output FOLDER`

`--on` and `--judge` are measured fine maps of *different* specimens, in any format the readers
know. No truth is needed: the counts of a map are split into two independent halves, one binned and
shown to the network, the other compared with its answer. The other half is noisy but unbiased, so
its error is smallest where the error against the truth is (Noise2Noise, Lehtinen 2018).

The taught network is kept only if, on the specimen it was not taught with, its error *and* the
coverage of its samples are better than before. Either way a card with the figures is written.
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

from workers.assessment.scores import coverage_of_extremes
from workers.measurement import Measurement
from workers.networks.cellnet import CellNet
from workers.physics import LinearForwardModel, PoissonNoise, forward_model
from workers.posteriors.cells import cell_basis, predict, prepare
from workers.posteriors.flow import FlowModel
from workers.readers import read
from workers.recipes.teach import CROP_CELLS, STEPS
from workers.training.cards import FLOW, card
from workers.training.registry import load_flow

RATE = 5e-5
SAMPLES = 16
NOMINAL = coverage_of_extremes(SAMPLES)
SPLITS = 3  # independent splits of the judge's counts

Counts = NDArray[np.int64]
Step = Callable[[str, float], None]  # the stage in words, and how much of the whole is done
Learned = Callable[[int, float], None]  # a step, counted from 1, and its loss


class TeachingError(Exception):
    """Maps that cannot be taught with; the message says why and what to do."""


@dataclass(frozen=True)
class Figures:
    """On the judging specimen: PSNR against noise-free truth (dB), and how far coverage is off."""

    psnr_db: float
    coverage_gap: float


@dataclass(frozen=True)
class Lesson:
    """What came of teaching: the card, and the weights (safetensors) if they were accepted."""

    card: dict[str, Any]
    weights: bytes | None


def _silent(*said: Any) -> None:
    pass


def counts_of(folder: Path, factor: int) -> Counts:
    """`counts_in` the map that the files of `folder` hold."""
    files = sorted(path for path in folder.iterdir() if path.name != "SOURCE.md")
    measured = read(files)
    if not isinstance(measured, Measurement):
        raise TeachingError(f"{folder.name} holds no maps of elements; give the counts of one map.")
    return counts_in(measured, folder.name, factor)


def counts_in(measurement: Measurement, name: str, factor: int) -> Counts:
    """The counts (e, H, W) of a measured map, cropped to whole blocks; raises TeachingError."""
    values = measurement.values
    if measurement.units != "counts" or not np.array_equal(values, np.round(values)):
        raise TeachingError(
            f"{name} holds no whole counts, which alone can be split; give raw counts."
        )
    if not measurement.mask.all():
        raise TeachingError(f"{name} has unmeasured pixels; crop them away first.")
    height, width = (side // factor * factor for side in values.shape[1:])
    if min(height, width) < factor * CROP_CELLS:
        raise TeachingError(
            f"{name} is {width} × {height} pixels; teaching at ×{factor} takes at least "
            f"{factor * CROP_CELLS} a side."
        )
    return values[:, :height, :width].astype(np.int64)


def halves(counts: Counts, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Two independent Poisson halves of the counts, `(e, H, W)` float32 each."""
    first = rng.binomial(counts, 0.5)
    return tuple(torch.from_numpy(half.astype(np.float32)) for half in (first, counts - first))  # type: ignore[return-value]


def blocks(half: Tensor, factor: int) -> Tensor:
    """Counts of whole blocks: what one dwell on a coarse pixel would have counted."""
    return forward_model("binned", factor).expected(half) * factor**2


def taught(
    model: FlowModel,
    counts: Counts,
    factor: int,
    seed: int,
    *,
    steps: int = STEPS,
    learned: Learned = _silent,
) -> CellNet:
    """A copy of the regression after `steps` small steps on one map; `learned` hears of each."""
    net = deepcopy(model.regression).requires_grad_(True)
    start = [p.detach().clone() for p in net.parameters()]
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.0)
    rng, forward = np.random.default_rng(seed), forward_model("binned", factor)
    spread = torch.from_numpy(np.quantile(counts, 0.999, axis=(1, 2))).float() + 0.5
    side = factor * CROP_CELLS
    for step in range(steps):
        top, left = (
            int(rng.integers(0, (whole - side) // factor + 1)) * factor
            for whole in counts.shape[1:]
        )
        shown, other = halves(counts[:, top : top + side, left : left + side], rng)
        turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
        shown, other = (torch.rot90(half, turns, (1, 2)) for half in (shown, other))
        if mirrored:
            shown, other = shown.flip(2), other.flip(2)
        loss = split_error(net, forward, shown, other, spread)
        drift = sum(((p - s) ** 2).sum() for p, s in zip(net.parameters(), start, strict=True))
        optimiser.zero_grad()
        (loss + 1e-3 * drift).backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 - step / steps)
        optimiser.step()
        learned(step + 1, float(loss.detach()))
    return net.requires_grad_(False)


def split_error(
    net: CellNet, forward: LinearForwardModel, shown: Tensor, other: Tensor, spread: Tensor
) -> Tensor:
    """Squared error against the other half over the range of each element; unbiased but for a
    constant."""
    factor = forward.factor
    y = blocks(shown, factor)[None]
    cells = prepare(y, forward, torch.ones(1, 1, 1, 1))
    mean, _ = predict(net, cells)
    image = cell_basis(forward).from_coefficients(mean)[0] / factor**2
    error: Tensor = ((image - other) / spread[:, None, None]).square().mean(dim=(1, 2))
    return (0.5 * torch.log(error + 1e-6)).mean()


def judged(
    model: FlowModel,
    counts: Counts,
    factor: int,
    seed: int,
    step: Callable[[float], None] = _silent,
) -> Figures:
    """The model on a specimen it was not taught with, over several splits of its counts.

    `step` hears how much of it is done, 0 to 1, and may raise.
    """
    rng, forward = np.random.default_rng(seed), forward_model("binned", factor)
    peak = np.maximum(np.quantile(counts, 0.999, axis=(1, 2)), 1.0) / 2
    decibels, gaps = [], []
    for n in range(SPLITS):
        shown, other = halves(counts, rng)
        y, reference = blocks(shown, factor).numpy(), other.numpy()
        posterior = model.posterior(
            y, np.ones(y.shape[1:], bool), forward, PoissonNoise(torch.ones(len(y)))
        )
        estimate = posterior.estimate.numpy() / factor**2
        mse = ((estimate - reference) ** 2).mean((1, 2)) - reference.mean((1, 2))
        floor = 1e-3 * np.maximum(reference.mean((1, 2)), 1e-6)
        decibels.append(np.mean(10 * np.log10(peak**2 / np.maximum(mse, floor))))
        seen = []
        for k, drawn in enumerate(posterior.sample(SAMPLES, torch.Generator().manual_seed(n))):
            step((n + k / SAMPLES) / SPLITS)
            seen.append(rng.poisson(drawn.numpy() / factor**2))
        least, most = np.min(seen, axis=0), np.max(seen, axis=0)
        # A count equal to the least or the most lies half inside.
        inside = (least < reference) & (reference < most)
        edge = ((least == reference) | (most == reference)) & ~inside
        gaps.append(abs(NOMINAL - float(inside.mean() + 0.5 * edge.mean())))
    return Figures(float(np.mean(decibels)), float(np.mean(gaps)))


def lesson(
    on: Counts,
    judge: Counts,
    factor: int,
    *,
    seed: int = 0,
    steps: int = STEPS,
    step: Step = _silent,
    learned: Learned = _silent,
) -> Lesson:
    """Judge, teach, judge again. `step` may raise to stop; TeachingError for one map given twice.

    Of the time, each judging takes about as long as the teaching.
    """
    if on.shape == judge.shape and np.array_equal(on, judge):
        raise TeachingError(
            "The map to judge with is the map to teach with; give another specimen."
        )
    model = load_flow(max(factor, 2))

    def learning(number: int, loss: float) -> None:
        learned(number, loss)
        step(f"learning, step {number} of {steps}", (1 + number / steps) / 3)

    shipped = "judging the shipped network"
    before = judged(model, judge, factor, seed + 1, lambda done: step(shipped, done / 3))
    net = taught(model, on, factor, seed, steps=steps, learned=learning)
    own = FlowModel(net, model.flow, model.steps)
    after = judged(
        own, judge, factor, seed + 1, lambda done: step("judging what it learned", (2 + done) / 3)
    )
    accepted = after.psnr_db > before.psnr_db and after.coverage_gap < before.coverage_gap
    made: dict[str, Any] = {
        "accepted": accepted,
        "factor": factor,
        "base": {
            "model": FLOW,
            "weights": card(FLOW)["weights"],
            "regression": card(FLOW)["regression"],
        },
        "taught_on": {"shape": list(on.shape), "sha256": _digest(on)},
        "judged_on": {"shape": list(judge.shape), "sha256": _digest(judge)},
        "before": vars(before),
        "after": vars(after),
        "seed": seed,
        "steps": steps,
    }
    if not accepted:
        return Lesson(made, None)
    weights = save({k: v.half().contiguous() for k, v in net.state_dict().items()})
    made["weights"] = {weights_name(factor): hashlib.sha256(weights).hexdigest()}
    return Lesson(made, weights)


def weights_name(factor: int) -> str:
    """The file of the weights for maps `factor` times finer."""
    return f"cell{max(factor, 2)}.safetensors"


def teach(
    on: Counts, judge: Counts, factor: int, output: Path, seed: int = 0, steps: int = STEPS
) -> dict[str, Any]:
    """Teach, judge, write the card and, if accepted, the weights to the new folder `output`."""
    found = lesson(on, judge, factor, seed=seed, steps=steps)
    output.mkdir(parents=True)
    if found.weights is not None:
        (output / weights_name(factor)).write_bytes(found.weights)
    (output / "card.json").write_text(json.dumps(found.card, indent=1) + "\n")
    return found.card


def verdict(made: dict[str, Any]) -> str:
    """The card in two lines."""
    before, after = made["before"], made["after"]
    word = "ACCEPTED" if made["accepted"] else "REFUSED: the shipped network stays"
    return (
        f"{word}\nOn the specimen it was not taught with: PSNR {before['psnr_db']:.3f} -> "
        f"{after['psnr_db']:.3f} dB, coverage off by {before['coverage_gap']:.4f} -> "
        f"{after['coverage_gap']:.4f}"
    )


def _digest(counts: Counts) -> str:
    return hashlib.sha256(np.ascontiguousarray(counts).tobytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("on", "judge", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--factor", type=int, default=4, choices=(2, 4, 8))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.output.exists():
        raise SystemExit(f"{given.output} exists; name a new folder.")
    try:
        on, judge = (counts_of(folder, given.factor) for folder in (given.on, given.judge))
        made = teach(on, judge, given.factor, given.output, given.seed)
    except TeachingError as wrong:
        raise SystemExit(str(wrong)) from wrong
    print(verdict(made))  # noqa: T201


if __name__ == "__main__":
    main()
