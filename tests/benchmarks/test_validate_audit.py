"""The audit part of `make validate`, on a map whose scores are known."""

import numpy as np
from scipy import ndimage

from tests.benchmarks.validate.audit import SPECIMENS, figures, placed


def scores(spread: float, seed: int, size: int = 400) -> np.ndarray:
    """|scores| of four elements over materials that stray more and less."""
    rng = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(rng.normal(size=(size, size)), 12)
    own = spread * np.exp(0.25 * rough / rough.std())
    return np.abs(rng.normal(size=(4, size, size))) * own


def test_overconfidence_is_seen_before_and_gone_after():
    rows = [
        placed(name, scores(1.6, seed), 30)
        for seed, name in enumerate(name for maps in SPECIMENS.values() for name in maps)
    ]
    found = figures(rows)
    assert found["audit.before_min"] < 0.72
    assert 0.88 <= found["audit.coverage90_min"] <= found["audit.coverage90_max"] <= 0.92
    assert found["audit.interval_holds"] > 0.9
    assert 0 < found["audit.placement_sd"] < 0.04
    assert 0.025 < found["audit.area_share"] < 0.05
