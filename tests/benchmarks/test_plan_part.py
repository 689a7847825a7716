"""The part that says how wrong plans are: what it tells the planner, and that it can fail."""

from dataclasses import replace

import numpy as np
import pytest

from tests.benchmarks.validate import plan as part
from tests.benchmarks.validate.plan import Maps, Row, Scan

SIDE = 256


def mosaic(intercept: float, seed: int) -> np.ndarray:
    """Cells between random straight lines, each of its own brightness; `(SIDE, SIDE)`, mean 1.

    A test line meets lines / (π radius) of them per pixel, whatever its direction.
    """
    rng = np.random.default_rng(seed)
    radius = SIDE / np.sqrt(2)
    lines = round(np.pi * radius / intercept)
    angle, offset = rng.uniform(0, np.pi, lines), rng.uniform(-radius, radius, lines)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    cell = np.zeros((SIDE, SIDE), np.int64)
    for bit in range(lines):
        beyond = x * np.cos(angle[bit]) + y * np.sin(angle[bit]) > offset[bit]
        cell = 2 * cell % (2**61 - 1) + beyond
    _, label = np.unique(cell, return_inverse=True)
    return rng.gamma(2.0, 0.5, label.max() + 1)[label.reshape(SIDE, SIDE)]


def maps(intercept: float) -> Maps:
    rate = np.stack([mosaic(intercept, seed) for seed in range(6)])
    return Maps(rate, rate, np.zeros(len(rate)), counted=False)


@pytest.mark.parametrize("intercept", [6.0, 15.0])
def test_the_grain_size_told_is_the_mean_linear_intercept(intercept):
    assert part._grain(maps(intercept)) == pytest.approx(intercept, rel=0.15)


def test_a_quick_scan_tells_mean_and_spread_without_counting_noise():
    found, rng = maps(8.0), np.random.default_rng(0)
    for element, rate in zip(part._quick_scan(found, 20.0, rng), found.rate, strict=True):
        spots = rate[:: part.QUICK, :: part.QUICK]
        assert element.rate == pytest.approx(spots.mean(), rel=0.03)
        assert element.spread == pytest.approx(spots.std(), rel=0.06)


def scan(factor: int, exposure: float, predicted: float, realised: float) -> Scan:
    return Scan(factor, exposure, np.array([predicted]), np.array([realised]))


def test_only_open_pairs_are_judged_and_a_wrong_order_counts_against_the_plan():
    short, long = scan(1, 1.0, 0.30, 0.28), scan(2, 4.0, 0.20, 0.19)
    assert part._pairs(Row("real", (short, long))) == [True]
    assert part._pairs(Row("real", (short, replace(long, realised=np.array([0.29]))))) == [False]
    # A finer scan that counted as long is better in any case; nobody needs a planner for that.
    assert part._pairs(Row("real", (scan(1, 4.0, 0.1, 0.1), long))) == []
    # And plans as good as each other have no order.
    assert part._pairs(Row("real", (scan(1, 1.0, 0.201, 0.3), long))) == []


def test_a_wrong_choice_costs_what_the_other_plan_would_have_saved():
    fine, coarse = scan(1, 1.0, 0.30, 0.20), scan(2, 4.0, 0.20, 0.25)
    assert part._regrets([Row("real", (fine, coarse))]) == pytest.approx([0.25])
    right = replace(coarse, realised=np.array([0.1]))
    assert part._regrets([Row("real", (fine, right))]) == [0.0]
    # Of two plans as good as each other the finer is taken, and may be the worse.
    assert part._regrets([Row("real", (replace(fine, predicted=np.array([0.21])), right))]) == [1.0]


def test_figures_are_told_for_the_kinds_of_specimens_that_were_there():
    row = Row("real", (scan(1, 1.0, 0.2, 0.3), scan(2, 4.0, 0.1, 0.15), scan(4, 4.0, 0.3, 0.45)))
    figures = part._figures([row, row])
    assert figures["plan.real.ratio"] == pytest.approx(1.5)
    assert figures["plan.real.ordered"] == 1.0
    assert not [key for key in figures if "synthetic" in key]
