"""How a slow scan is turned into a fast one, and how an estimate is scored against it.

A fast scan is drawn as Poisson(dwell x what the operator sees of the real counts): the real map
plays the truth, its own counting noise included, so no estimate reaches an infinite PSNR.
The noise-free score splits the real counts in two independent halves instead: one is measured,
the other is the reference, whose known variance is taken off the squared error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]
Counts = NDArray[np.int64]

SEEDS = (101, 102, 103, 104, 105)


@dataclass(frozen=True)
class Task:
    """One way of spending less beam time, or of reading an archive.

    `dwell` is the expected number of counts in a measured pixel of a map that shows one count in
    every fine pixel. `drawn` says whether counts are drawn anew for a seed, or are those of the
    real map, rearranged.
    """

    key: str
    specimen: str
    factor: int
    sampling: str  # "fine", "binned" or "point"
    dwell: float
    drawn: bool

    @property
    def exact(self) -> bool:
        """Whether what was measured are sums of the very counts that are scored, noise and all.

        Then agreeing exactly is right, as back-projection does; within noise is for other counts.
        """
        return self.sampling == "binned" and not self.drawn


# The quick ones first: a run that is stopped keeps what is done.
_TASKS = (
    Task("obj1.time16.coarse", "obj1", 4, "binned", 1, True),
    Task("obj1.binned.x8", "obj1", 8, "binned", 64, False),
    Task("obj1.binned.x4", "obj1", 4, "binned", 16, False),
    Task("khufai_b3.binned.x4", "khufai_b3", 4, "binned", 16, False),
    Task("sk401.binned.x4", "sk401", 4, "binned", 16, False),
    Task("obj1.binned.x2", "obj1", 2, "binned", 4, False),
    Task("obj1.point.x2", "obj1", 2, "point", 1, False),
    Task("obj1.time4.coarse", "obj1", 2, "binned", 1, True),
    Task("obj1.time4.fine", "obj1", 1, "fine", 1 / 4, True),
    Task("obj1.time16.fine", "obj1", 1, "fine", 1 / 16, True),
)
TASKS = {task.key: task for task in _TASKS}


@dataclass(frozen=True)
class Trial:
    """One measurement and what its estimate is compared with.

    `measured` is (c, h, w), whole counts of every element; an estimate in counts per measured
    dwell is divided by `dwell` before it is compared with `reference` (s, H, W), the elements
    scored. `reference_variance` (s,) is what counting added to the squared error of the
    reference, 0 where the real map is the truth. `peak` (s,) is the 99.9th percentile.
    """

    measured: NDArray[np.float32]
    dwell: float
    reference: Values
    reference_variance: Values
    peak: Values


def trial(task: Task, counts: Counts, scored: Sequence[int], seed: int) -> Trial:
    """The task on real `counts` (c, H, W), scored against the real map itself."""
    whole = sample(counts.astype(float), task.factor, task.sampling) * task.dwell
    if task.drawn:
        whole = np.random.default_rng(seed).poisson(whole).astype(float)
    reference = counts[list(scored)].astype(float)
    nothing = np.zeros(len(reference))
    return Trial(whole.astype(np.float32), task.dwell, reference, nothing, ranges(reference))


def split_trial(task: Task, counts: Counts, scored: Sequence[int], seed: int) -> Trial:
    """The task on one binomial half of the real counts, scored against the other half.

    The measured half is thinned to the dwell of the task, which leaves it exactly Poisson. A task
    at full counts has only half of them here.
    """
    rng = np.random.default_rng(seed)
    first = rng.binomial(counts, 0.5)
    second = (counts - first)[list(scored)]
    pixels = task.factor**2 if task.sampling == "binned" else 1
    share = min(2 * task.dwell / pixels, 1.0)
    kept = rng.binomial(first, share).astype(float) if share < 1 else first.astype(float)
    measured = sample(kept, task.factor, task.sampling) * pixels
    return Trial(
        measured.astype(np.float32),
        share * pixels / 2,
        2.0 * second,
        4.0 * second.mean((1, 2)),  # the variance of twice a Poisson half
        ranges(counts[list(scored)]),
    )


def sample(values: Values, factor: int, sampling: str) -> Values:
    """What an operator sees, without noise: block means, or the first pixel of every cell."""
    c, height, width = values.shape
    if height % factor or width % factor:
        raise ValueError(f"{height} x {width} pixels do not divide into cells of {factor}")
    if sampling == "point":
        return values[:, ::factor, ::factor]
    blocks = values.reshape(c, height // factor, factor, width // factor, factor)
    return np.asarray(blocks.mean((2, 4)))


def ranges(counts: Counts | Values) -> Values:
    """The 99.9th percentile of each element of the real map, `(c,)`: the peak of the PSNR."""
    return np.asarray(np.percentile(counts, 99.9, axis=(1, 2)))


def psnr(estimate: Values, found: Trial, where: NDArray[np.bool_] | None = None) -> Values:
    """PSNR in dB of each element, `(s,)`; `estimate` (s, H, W) in counts per measured dwell.

    `where` (H, W) restricts the score to some pixels. An error below the reference's own noise
    cannot be told from zero; it is then taken as a thousandth of that noise.
    """
    squared = (estimate / found.dwell - found.reference) ** 2
    mse = squared.mean((1, 2)) if where is None else squared[:, where].mean(1)
    floor = np.maximum(1e-3 * found.reference_variance, 1e-12)
    mse = np.maximum(mse - found.reference_variance, floor)
    return np.asarray(10 * np.log10(found.peak**2 / mse))


def unsampled(shape: tuple[int, int], factor: int) -> NDArray[np.bool_]:
    """The fine pixels that point sampling never visited, bool `(H, W)`."""
    where = np.ones(shape, bool)
    where[::factor, ::factor] = False
    return where


def confidence_95(values: Sequence[float]) -> tuple[float, float]:
    """Student's 95 % interval of the mean of a few independent values."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return mean - reach, mean + reach
