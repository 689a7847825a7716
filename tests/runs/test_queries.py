"""Who sees which run, where it stands, and what is said about it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fiducial.runs import queries, words
from fiducial.runs.models import Run
from tests.factories import people, runs


def said(run: Run) -> queries.Line:
    return queries.line(run, queries.read_queue())


def test_people_see_the_runs_of_their_labs_and_no_others(measurement):
    run = runs.run(measurement)
    reviewer, stranger, operator = people.person(), people.person(), people.person(is_operator=True)
    measurement.project.lab.memberships.create(user=reviewer, role="reviewer")
    assert list(queries.visible_runs(reviewer)) == [run]
    assert list(queries.visible_runs(stranger)) == []
    assert list(queries.visible_runs(operator)) == []
    assert queries.may_change(measurement.uploaded_by, run)
    assert not queries.may_change(reviewer, run)


def test_a_waiting_run_says_its_place_why_and_until_when(measurement):
    runs.worker()
    runs.running(measurement, seconds_left=100.0)
    first, second, third = [runs.run(measurement) for _ in range(3)]
    assert said(first).detail == "Next in turn; the worker is busy. Done in 60 s to 4 min."
    assert said(second).detail.startswith("One run is before it; labs take turns")
    assert said(third).detail.startswith("2 runs are before it")
    assert [said(run).place for run in (first, second, third)] == [1, 2, 3]


def test_without_a_worker_a_waiting_run_says_so(measurement):
    line = said(runs.run(measurement))
    assert line.detail == (
        "No worker is running just now. The run keeps its place; an operator has to start a worker."
    )


@pytest.mark.django_db
def test_workers_are_counted_by_queue_and_sign_of_life():
    runs.worker("gpu0@here")
    runs.worker("ingest@here", queues=("ingest",))
    gone = runs.worker("gpu1@here")
    gone.seen = timezone.now() - timedelta(minutes=1)
    gone.save()
    assert queries.alive_workers() == 1
    assert queries.alive_workers("ingest") == 1


def test_a_lost_worker_is_told_while_waiting_and_while_running(measurement):
    runs.worker()
    waiting = runs.run(measurement, attempt=1)
    assert said(waiting).detail.startswith("Worker lost, retrying (2 of 3). Next in turn")
    again = runs.running(measurement, attempt=2, stage="drawing samples", seconds_left=40.0)
    assert said(again).detail == "Worker lost, retrying (2 of 3). Drawing samples, 40 s left."


def test_a_failed_run_says_its_reason_in_the_list(measurement):
    failed = runs.run(measurement, state="failed", error="The disk is full.")
    assert (said(failed).words, said(failed).detail) == ("failed", "The disk is full.")


def test_estimates_follow_what_past_runs_took(measurement):
    start = timezone.now()
    for seconds in (1, 1, 1, 1):  # the toy recipe estimates 0.5 s, counted as 1 s at least
        end = start + timedelta(seconds=2 * seconds)
        runs.run(measurement, state="succeeded", started=start, finished=end)
    assert queries.spread("toy") == (2.0, 2.0)


def test_a_run_of_a_recipe_that_is_gone_can_still_be_listed(measurement):
    line = said(runs.run(measurement, recipe="alchemy", state="succeeded"))
    assert (line.title, queries.recipe_title(line.run)) == ("", "alchemy")


def test_a_run_with_parameters_of_an_older_version_can_still_be_listed(measurement):
    assert queries.estimate(runs.run(measurement, parameters={"pause": 1})) == 0.0


@pytest.mark.parametrize(
    ("seconds", "words_"),
    [(0, "1 s"), (40, "40 s"), (89, "89 s"), (180, "3 min"), (7800, "2 h 10 min"), (7200, "2 h")],
)
def test_durations_are_said_as_a_person_would(seconds, words_):
    assert words.duration(seconds) == words_


def test_spans_name_their_unit_once():
    assert words.span(120, 300) == "2 to 5 min"
    assert words.span(40, 300) == "40 s to 5 min"
    assert words.span(300, 310) == "about 5 min"
