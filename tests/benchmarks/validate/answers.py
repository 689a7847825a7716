"""Modes, mean compositions and widths of boundaries: how often their 90 % intervals hold the truth.

Synthetic specimens that served neither training nor calibration, at every factor, mapped by each
operator in turn. On obj1 one binomial half of the counts, binned by 4, is what was measured; the
other half is the truth, and samples are counted like it before they are asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.specimens import SOURCES
from tests.benchmarks.specimens import specimen as real_specimen
from tests.benchmarks.synthetic import HELD_OUT
from tests.benchmarks.validate.part import Bar, Figures, Part, mean_of
from workers.assessment.answers.intervals import Factors
from workers.physics import forward_model
from workers.training.calibrate import Specimen
from workers.training.calibrate_answers import Scores, scores, specimen
from workers.training.cards import XRAY, card
from workers.training.registry import load_ensemble

SEED = HELD_OUT + 41
SPECIMENS = 80  # at each factor, none of them at two
FACTORS = tuple(int(factor) for factor in card(XRAY)["answers"])  # those that are calibrated
KINDS = ("mode", "composition", "profile")
PART_OF_OBJ1 = 256  # fine pixels along a side
REAL = 0  # in the place of a factor: obj1
BARS = {
    "answers.mode.coverage90": Bar("modes: 90 % intervals, synthetic specimens", 0.85, 0.95),
    "answers.composition.coverage90": Bar("mean compositions, the same", 0.85, 0.95),
    "answers.profile.coverage90": Bar("widths of boundaries, the same", 0.85, 0.95),
    "answers.mode.coverage90_obj1": Bar("modes on obj1: one specimen, split counts"),
    "answers.composition.coverage90_obj1": Bar("mean compositions on obj1"),
    "answers.profile.coverage90_obj1": Bar("widths of boundaries on obj1"),
}


@dataclass(frozen=True)
class Row:
    """Share of the answers of one specimen that lie in their intervals, by kind."""

    factor: int
    held: dict[str, float]


def _units() -> Sequence[tuple[int, int]]:
    real = [(REAL, 0)] if SOURCES["obj1"].present() else []
    own = {factor: range(i * SPECIMENS, (i + 1) * SPECIMENS) for i, factor in enumerate(FACTORS)}
    return [(factor, n) for factor, scenes in own.items() for n in scenes] + real


def _work(unit: tuple[int, int]) -> Row:
    factor, n = unit
    if factor == REAL:
        return _obj1()
    return _row(factor, scores(load_ensemble(max(factor, 2)), specimen(n, factor, SEED), n), factor)


def _row(named: int, found: Scores, factor: int) -> Row:
    factors = Factors.from_card(card(XRAY)["answers"][str(factor)])
    held = {kind: getattr(found, kind) <= getattr(factors, kind) for kind in KINDS}
    return Row(named, {kind: float(inside.mean()) for kind, inside in held.items() if inside.size})


def _obj1() -> Row:
    rng = np.random.default_rng(SEED)
    counts = real_specimen("obj1").counts[:, :PART_OF_OBJ1, :PART_OF_OBJ1]
    first = rng.binomial(counts, 0.5)
    e, height, width = counts.shape
    y = first.reshape(e, height // 4, 4, width // 4, 4).sum((2, 4)).astype(np.float32)
    truth = 16.0 * (counts - first)  # counts of a measured pixel, which is sixteen fine ones
    asked = Specimen(y, truth.astype(np.float32), forward_model("binned", 4))
    seen = scores(load_ensemble(4), asked, 0, lambda sample: 16.0 * rng.poisson(sample / 16.0))
    return _row(REAL, seen, 4)


def _figures(rows: Sequence[Row]) -> Figures:
    figures: Figures = {}
    for kind in KINDS:
        key = f"answers.{kind}.coverage90"
        synthetic = [row for row in rows if row.factor != REAL and kind in row.held]
        figures |= mean_of(key, [row.held[kind] for row in synthetic])
        for factor in FACTORS:
            own = [row.held[kind] for row in synthetic if row.factor == factor]
            figures |= mean_of(f"{key}_x{factor}", own) if own else {}
        figures |= {f"{key}_obj1": row.held[kind] for row in rows if row.factor == REAL}
    return figures


PART = Part("answers", BARS, _units, _work, _figures, seeds=(SEED,))
