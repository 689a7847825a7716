"""Real specimens, which nobody trained on: calibrated on all others, scored on counts not shown.

There is no noise-free truth. Each map's counts are split in halves by the toss of a coin: one half,
binned by four, is measured; the other is predicted, its own counting noise included. With six
specimens conformal risk control can promise nothing (it takes nine), so widths come from the pooled
pixels of the other five, and what is reported is *no guarantee*.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tests.benchmarks.specimens import SOURCES, SPECIMENS, specimen
from tests.benchmarks.validate.part import Bar, Figures, Part, mean_of
from workers.assessment.counting import outerness, randomised_pit, split_counts
from workers.assessment.scores import level_error
from workers.physics import PoissonNoise, forward_model
from workers.training.registry import load_ensemble

SEED = 51
FACTOR = 4
LEVEL = 0.9
EVERY = 3  # of the pixels, along rows and columns
BARS = {
    "real.coverage90": Bar(
        "real maps, leave one specimen out, *no guarantee*: mean coverage of 90 % intervals",
        0.87,
        0.93,
    ),
    "real.coverage90_worst": Bar("the same, the specimen that fares worst"),
    "real.coverage90_uncalibrated": Bar("mean coverage of the predicted spread as it is"),
    "real.ece": Bar("calibration error of all levels, leave one specimen out"),
    **{
        f"real.{name}.coverage90": Bar(f"coverage on {name}, calibrated on the others")
        for name in SPECIMENS
    },
}


@dataclass(frozen=True)
class Row:
    """`level`: of the smallest central interval that holds the count, of pixels of one specimen."""

    name: str
    level: np.ndarray


def units() -> Sequence[str]:
    for maps in SPECIMENS.values():
        for one in maps:
            if not SOURCES[one].present():
                raise LookupError(f"no {SOURCES[one].folder} under FIDUCIAL_DATA")
    return list(SPECIMENS)


def _work(name: str) -> Row:
    rng = np.random.default_rng([SEED, list(SPECIMENS).index(name)])
    return Row(name, np.concatenate([levels(one, rng) for one in SPECIMENS[name]]))


def levels(name: str, rng: np.random.Generator) -> np.ndarray:
    """Levels at which one half of a map's counts lies in the prediction made from the other."""
    counts = specimen(name).counts
    height, width = (side - side % FACTOR for side in counts.shape[1:])
    first, second = split_counts(counts[:, :height, :width], rng)
    forward, pixels = forward_model("binned", FACTOR), FACTOR**2
    y = forward.expected(torch.from_numpy(first.astype(np.float64))).float().numpy() * pixels
    posterior = load_ensemble(FACTOR).posterior(
        y, np.ones(y.shape[1:], bool), forward, PoissonNoise(torch.ones(len(y)))
    )
    some = (slice(None), slice(None, None, EVERY), slice(None, None, EVERY))
    mean, std = (x.double().numpy()[some] / pixels for x in (posterior.estimate, posterior.std))
    return outerness(randomised_pit(second[some], mean, std, rng)).ravel()


def calibrated(own: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """The share of the others' pixels within each level: what a level is worth, 0 to 1.

    Every other specimen weighs the same, however many its pixels.
    """
    shares = [np.searchsorted(np.sort(one), own, side="right") / len(one) for one in others]
    return np.mean(shares, axis=0)


def _figures(rows: Sequence[Row]) -> Figures:
    figures: Figures = {}
    left_out = {
        row.name: calibrated(row.level, [other.level for other in rows if other is not row])
        for row in rows
    }
    coverage = {name: float((level <= LEVEL).mean()) for name, level in left_out.items()}
    figures |= mean_of("real.coverage90", list(coverage.values()))
    figures["real.coverage90_worst"] = min(coverage.values())
    figures |= mean_of("real.ece", [level_error(level) for level in left_out.values()])
    figures |= mean_of(
        "real.coverage90_uncalibrated", [float((row.level <= LEVEL).mean()) for row in rows]
    )
    return figures | {f"real.{name}.coverage90": value for name, value in coverage.items()}


PART = Part("real", BARS, units, _work, _figures, seeds=(SEED,))
