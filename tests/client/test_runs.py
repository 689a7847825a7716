"""Runs by command: queued, followed, taken away."""

import json
import threading

import pytest
from django.db import connection

from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.factories import finished_runs, lessons, measurements
from tests.factories import runs as rows


@pytest.fixture
def ready(project, member):
    return measurements.ready(project, member)


def worker() -> threading.Thread:
    """A worker beside the portal that takes one run."""

    def work():
        try:
            work_one("here")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_run_is_submitted_and_watched_to_its_end(typed, ready):
    status, key, told = typed(
        "submit", ready.pk, "--recipe", "toy", "--set", "steps=5", "--set", "pause=0.1", "--seed", 7
    )
    assert status == 0, told
    assert "No worker is running just now." in told
    run = Run.objects.get(pk=key)
    assert (run.parameters["steps"], run.seed) == (5, 7)
    thread = worker()
    status, summary, told = typed("watch", key)
    thread.join()
    assert (status, json.loads(summary)["sum"]) == (0, 45.0)
    assert "Succeeded" in told


def test_a_run_that_fails_fails_the_command_with_its_reason(typed, ready):
    _, key, _ = typed("submit", ready.pk, "--recipe", "toy", "--set", "mood=refuse")
    thread = worker()
    status, _, told = typed("watch", key)
    thread.join()
    assert status == 1
    assert "The toy refuses this map; bring another." in told


def test_every_parameter_that_is_wrong_is_named(typed, ready):
    status, _, told = typed("submit", ready.pk, "--set", "factor=3", "--set", "samples=1")
    assert status == 3
    assert "factor: " in told
    assert "samples: " in told


def test_a_parameter_without_a_value_is_a_wrong_command(typed, ready, capsys):
    with pytest.raises(SystemExit) as ended:
        typed("submit", ready.pk, "--set", "factor")
    assert ended.value.code == 2
    assert "is not NAME=VALUE" in capsys.readouterr().err


def test_a_finished_run_is_fetched_as_files(typed, member, tmp_path):
    run = finished_runs.finished_run(member)
    for kind, name in (("tiff", "zip"), ("answers", "csv"), ("provenance", "json")):
        status, file, told = typed("fetch", run.pk, "--as", kind, "--to", tmp_path / "out")
        assert status == 0, told
        assert file == str(tmp_path / "out" / f"run-{str(run.pk)[:8]}-{kind}.{name}")
    assert not list((tmp_path / "out").glob("*.partial"))


def test_a_run_without_a_result_leaves_no_file(typed, ready, tmp_path):
    run = rows.run(ready)
    status, printed, told = typed("fetch", run.pk, "--as", "tiff", "--to", tmp_path / "out")
    assert (status, printed) == (3, "")
    assert "no such thing" in told
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_known_is_still_told_when_it_changed(portal, ready):
    run = rows.run(ready)
    assert portal.run(str(run.pk)) == portal.run(str(run.pk))
    Run.objects.filter(pk=run.pk).update(stage="training", state="running")
    assert portal.run(str(run.pk)).stage == "training"


def test_lists_are_read_to_their_end(portal, ready):
    for _ in range(101):
        rows.run(ready)
    assert len({run.id for run in portal.runs(measurement=str(ready.pk))}) == 101
    assert list(portal.runs(state="succeeded")) == []
    assert [one.id for one in portal.measurements()] == [str(ready.pk)]


def test_a_run_is_cancelled(portal, ready):
    assert portal.cancel(str(rows.run(ready).pk)).state == "cancelled"


def test_a_prediction_is_queued_after_a_lesson(typed, portal, member):
    on, judge = lessons.pair(member)
    lesson = lessons.under_way(on, judge)
    coarse = measurements.ready(on.project, member)
    asked = ("--recipe", "xray-diffusion", "--set", "factor=2", "--set", "sampling=binned")
    status, key, told = typed("submit", coarse.pk, *asked, "--after", lesson.pk)
    assert status == 0, told
    assert "Waits for run" in told
    assert portal.run(key).after == str(lesson.pk)
