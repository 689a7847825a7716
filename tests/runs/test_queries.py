"""Who sees which run, where it stands, and what is said about it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fiducial.runs import queries, words
from fiducial.runs.estimates import UNKNOWN_SPREAD, by_recipe, read_history
from fiducial.runs.models import Run
from tests.factories import measurements, people, runs
from tests.recipes.toy import RECIPE


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
    assert [worker.name for worker in queries.alive_workers()] == ["gpu0@here"]
    assert [worker.name for worker in queries.alive_workers("ingest")] == ["ingest@here"]


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
    assert read_history().spread("toy", 0.5) == (2.0, 2.0)
    assert read_history().spread("alchemy", 0.5) == UNKNOWN_SPREAD


def test_runs_of_the_same_size_speak_first(measurement):
    start = timezone.now()
    for estimated, factor in [(10, 1), (12, 1), (9, 1), (1000, 3), (1100, 3), (900, 3)]:
        end = start + timedelta(seconds=factor * estimated)
        facts = {"estimated": estimated, "started": start, "finished": end}
        runs.run(measurement, state="succeeded", **facts)
    history = read_history()
    assert history.spread("toy", 11.0) == (1.0, 1.0)
    assert history.spread("toy", 1000.0) == (3.0, 3.0)
    assert history.spread("toy", 100.0) == (1.0, 3.0)  # none of this size: all of them


def test_a_run_of_a_recipe_that_is_gone_can_still_be_listed(measurement):
    line = said(runs.run(measurement, recipe="alchemy", state="succeeded"))
    assert (line.title, queries.recipe_title(line.run)) == ("", "alchemy")


def test_parameters_of_an_older_version_are_not_estimated():
    assert by_recipe(RECIPE, {"pause": 1}, {}) == (0.0, 0)


def test_a_lab_that_used_much_is_told_so(measurement):
    runs.worker()
    member, now = people.person(), timezone.now()
    other = measurements.ready(measurements.project(people.lab(member=member)), member)
    for one, hours in ((measurement, 9), (other, 1)):
        began = now - timedelta(hours=hours)
        runs.run(one, state="succeeded", started=began, finished=now)
    runs.run(other)
    late = runs.run(measurement)
    assert said(late).detail.startswith(
        "One run is before it; its lab used 89 % of the computing in the last day, so others are "
        "served first. Done in "
    )


def test_a_lane_nobody_serves_is_named(measurement):
    runs.worker(lanes=["interactive"])
    assert said(runs.run(measurement, lane="batch")).detail == (
        "No worker serves the lane “batch” just now; an operator has to start one."
    )


def test_paused_workers_are_told(measurement):
    runs.worker(order="pause")
    assert said(runs.run(measurement)).detail == (
        "An operator has paused the workers of its lane; the run keeps its place."
    )


def test_a_run_too_large_for_every_worker_is_told_so(measurement):
    runs.worker("small@here", memory=8 * 10**9)
    runs.worker("large@here", memory=16 * 10**9)
    run = runs.run(measurement, memory=40 * 10**9)
    assert said(run).detail.startswith(
        "It needs about 40 GB of memory, and the largest worker of its lane has 16 GB. Cancel it"
    )
    runs.worker("unknown@here", memory=0)
    assert "a worker is picking it up once it has 40 GB of memory free." in said(run).detail


@pytest.mark.parametrize(
    ("setting", "words_"), [("RUNNING_PER_USER", "a person"), ("RUNNING_PER_LAB", "a lab")]
)
def test_a_cap_that_is_reached_is_named_and_others_go_first(measurement, settings, setting, words_):
    setattr(settings, setting, 1)
    runs.worker()
    runs.running(measurement)
    capped = runs.run(measurement)
    member = people.person()
    free = runs.run(measurements.ready(measurements.project(people.lab(member=member)), member))
    assert said(capped).detail.startswith(
        f"The cap of 1 running run for {words_} is reached; it starts when one of them ends."
    )
    assert (said(free).place, said(capped).place) == (1, 2)


def test_the_first_runs_of_a_long_queue_are_shown_and_the_rest_counted(measurement):
    waiting = [runs.run(measurement) for _ in range(3)]
    running = runs.running(measurement)
    visible, queue = queries.visible_runs(measurement.uploaded_by), queries.read_queue()
    assert queries.first_active(visible, queue, 2) == ([running, waiting[0]], 2)


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
