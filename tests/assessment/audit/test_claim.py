import numpy as np
import pytest

from workers.assessment.audit.claim import Share, claims, halves


def windows(count, spread, seed, elements=2, pixels=400):
    """|scores| of windows; each strays from `spread` in its own way, as phases do."""
    rng = np.random.default_rng(seed)
    own = spread * rng.lognormal(0, 0.15, (count, elements, 1))
    return list(np.abs(rng.normal(size=(count, elements, pixels)) * own))


def test_too_narrow_intervals_are_found_out_and_widened():
    together, each = claims(windows(16, spread=1.5, seed=0))
    assert together.shown.value < 0.77
    assert together.widening == pytest.approx(1.5, rel=0.12)
    assert together.widened.value == pytest.approx(0.9, abs=0.04)
    assert len(each) == 2
    right, _ = claims(windows(16, spread=1.0, seed=0))
    assert right.widening == pytest.approx(1, rel=0.12)


def test_windows_that_set_the_width_do_not_count_what_it_holds():
    calibrating, auditing = halves(16)
    found = windows(16, spread=1.0, seed=3)
    found[auditing] = [4 * w for w in found[auditing]]
    together, _ = claims(found)
    assert together.widening < 1.3
    assert together.widened.value < 0.5
    assert len(found[calibrating]) == len(found[auditing]) == 8


def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        share = Share.over(rng.beta(18, 2, 8))
        held += share.low <= 0.9 <= share.high
    assert 0.9 <= held / 400 <= 0.98


def test_a_window_has_one_vote_however_many_of_its_pixels_count():
    found = windows(16, spread=1.0, seed=5)
    found[0] = np.full((2, 4000), 50.0)
    together, _ = claims(found)
    found[0] = np.full((2, 4), 50.0)
    assert claims(found)[0].widening == pytest.approx(together.widening, rel=0.02)


def test_seven_windows_are_too_few():
    with pytest.raises(ValueError, match="takes 8 audit windows; there are 7"):
        claims(windows(7, spread=1.0, seed=0))
    together, _ = claims(windows(8, spread=1.0, seed=0))
    assert 0 < together.widened.low < together.widened.high <= 1
