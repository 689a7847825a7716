"""A simulated week: no lab falls behind its share, none starves; first come, first served fails."""

import pytest

from .week import LABS, Week, fair, first_come, longest_halt, play, share_ratios

SEEDS = (1, 2)
BAR = 0.9  # of a lab's share, while it has waiting work
HALT_HOURS = 24.0  # one half-life: by then what a lab used before is half forgotten


@pytest.fixture(scope="module", params=SEEDS)
def week(request: pytest.FixtureRequest) -> Week:
    """A week under the portal's own rule."""
    return play(request.param, fair)


def test_no_lab_falls_below_nine_tenths_of_its_share_while_it_has_waiting_work(week):
    ratios = share_ratios(week)
    assert len(ratios) > 50
    assert min(ratios) >= BAR


def test_no_lab_starves_while_it_has_waiting_work(week):
    assert max(longest_halt(week, lab) for lab in range(1, LABS + 1)) <= HALT_HOURS * 3600


def test_first_come_first_served_fails_the_same_check():
    assert min(share_ratios(play(SEEDS[0], first_come))) < 0.5
