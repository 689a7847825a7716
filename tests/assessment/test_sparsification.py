"""AUSE: 0 for a perfect ranking of the errors, and known for one that knows nothing."""

import numpy as np
import pytest

from workers.assessment.sparsification import ause, remaining_error


def test_a_perfect_ranking_has_no_area_and_ignorance_has_the_known_one():
    rng = np.random.default_rng(0)
    error = rng.random(50_000)
    assert ause(error, error**3) == 0
    # Uniform errors: the best ranking leaves 1 − φ of the mean, ignorance all of it; ∫ φ = 1/2.
    assert ause(error, rng.random(50_000)) == pytest.approx(0.5, abs=0.01)
    assert ause(error, -error) == pytest.approx(1, abs=0.02)
    assert 0 < ause(error, error + 0.3 * rng.normal(size=50_000)) < 0.3


def test_what_remains_is_the_mean_of_the_pixels_left():
    found = remaining_error(np.array([1.0, 2.0, 3.0, 6.0]), np.array([1, 2, 3, 4]))
    assert found[0] == 1
    assert found[25] == pytest.approx(2 / 3)
    assert found[99] == pytest.approx(1 / 3)  # never fewer than one pixel


@pytest.mark.parametrize("error", [np.zeros(0), np.zeros(5)])
def test_without_an_error_there_is_nothing_to_rank(error):
    with pytest.raises(ValueError, match="no error to rank"):
        ause(error, error)
