"""Counts of which bright and dark pixels have the same noise."""

import numpy as np
import pytest

from workers.physics.counting import evened


@pytest.mark.parametrize("mean", [4, 20, 300])
def test_counts_have_unit_variance_whatever_their_mean(mean: float) -> None:
    counts = np.random.default_rng(0).poisson(mean, 40_000).astype(np.float32)
    assert evened(counts).var() == pytest.approx(1, abs=0.06)
    assert evened(counts).dtype == np.float32


def test_more_counts_stay_more() -> None:
    assert (np.diff(evened(np.arange(100, dtype=np.float32))) > 0).all()
