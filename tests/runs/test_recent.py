"""Pages share one reading of the queue for a second, and none of them tells a run wrongly."""

import pytest

from fiducial.runs import leases, queries, recent
from tests.factories import runs


@pytest.fixture(autouse=True)
def a_reading_lasts(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.QUEUE_SEEN_SECONDS = 60.0
    monkeypatch.setattr(recent, "_last", recent.Reading())


def test_the_queue_is_read_once_for_everybody_who_asks(measurement, django_assert_num_queries):
    run = runs.run(measurement)
    read = recent.queue_of(run)
    with django_assert_num_queries(0):
        assert recent.queue_of(run) is read


def test_it_is_read_again_when_its_time_is_over(measurement, settings):
    run = runs.run(measurement)
    read = recent.queue_of(run)
    settings.QUEUE_SEEN_SECONDS = 0.0
    assert recent.queue_of(run) is not read


def test_a_run_that_was_queued_since_has_its_place_at_once(measurement):
    first = runs.run(measurement)
    recent.queue_of(first)
    second = runs.run(measurement)
    assert queries.line(second, recent.queue_of(first, second)).place == 2


def test_a_run_that_was_taken_since_is_not_told_a_place(measurement):
    run = runs.run(measurement)
    recent.queue_of(run)
    taken = leases.claim("gpu0@here")
    assert taken.pk == run.pk
    assert queries.line(taken, recent.queue_of(taken)).place is None
