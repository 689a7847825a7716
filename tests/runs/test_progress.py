"""How far a run is, from what its recipe reports."""

import time

from fiducial.runs.progress import Progress


def test_nothing_new_is_nothing_to_store():
    progress = Progress()
    progress.update("drawing", 0.25)
    assert progress.changes()["fraction"] == 0.25
    assert progress.changes() == {}


def test_a_fraction_never_goes_back_and_never_says_over_before_it_is():
    progress = Progress()
    for fraction in (0.5, 0.2, 1.0):
        progress.update("drawing", fraction)
    assert progress.changes()["fraction"] == 0.999


def test_the_time_left_follows_the_pace_since_work_began():
    progress = Progress()
    progress.update("reading", 0.0)
    assert progress.changes()["seconds_left"] is None
    time.sleep(0.2)
    progress.update("drawing", 0.5)
    assert 0.15 < progress.changes()["seconds_left"] < 0.6
    progress.update("drawing", 0.505)
    assert progress.changes()["seconds_left"] < 0.6
