"""Pages share one reading of the queue for a second, and none of them tells a run wrongly."""

import pytest

from fiducial.runs import leases, queries, recent, services
from tests.factories import people, runs


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


def test_a_page_that_follows_a_run_asks_nothing_of_the_database(
    measurement, django_assert_num_queries
):
    member, run = measurement.uploaded_by, runs.run(measurement)
    recent.queue_of(run)
    with django_assert_num_queries(0):
        seen, may_change = recent.followed(member, run.pk)
        line = queries.line(seen, recent.queue_of(seen))
    assert line.place == 1
    assert line.detail == queries.line(run, recent.queue_of(run)).detail
    assert may_change


def test_nobody_follows_a_run_of_another_lab_or_changes_what_they_may_only_see(measurement):
    run = runs.run(measurement)
    stranger, viewer = people.person(), people.person()
    run.lab.memberships.create(user=viewer, role="viewer")
    assert recent.followed(stranger, run.pk) is None
    assert recent.followed(viewer, run.pk)[1] is False


def test_a_run_that_is_over_is_asked_of_the_database(measurement, settings):
    run = runs.run(measurement)
    assert recent.followed(measurement.uploaded_by, run.pk)
    settings.QUEUE_SEEN_SECONDS = 0.0
    services.cancel(run=run, by=measurement.uploaded_by)
    assert recent.followed(measurement.uploaded_by, run.pk) is None
