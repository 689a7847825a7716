"""What nothing stands on goes after the days that were set; everything else stays."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from fiducial.audits.services import choose
from fiducial.errors import Refused
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement
from fiducial.reports import sealing
from fiducial.reports import services as reports
from fiducial.runs.models import Run
from fiducial.trail.models import Entry
from tests.factories import audits, lessons, measurements, runs
from tests.factories.finished_runs import finished_run

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)


@pytest.fixture(autouse=True)
def rules(settings, tmp_path):
    settings.STORE = tmp_path / "store"
    settings.KEEP_RESULTS_DAYS, settings.KEEP_UNFINISHED_DAYS = 90, 30
    return settings


def retention(how: str) -> str:
    said = StringIO()
    call_command("retention", how, stdout=said)
    return said.getvalue()


def aged(run: Run) -> Run:
    Run.objects.filter(pk=run.pk).update(finished=timezone.now() - LONG_AGO)
    run.refresh_from_db()
    return run


def unfinished(days: float, **facts) -> Measurement:
    upload = measurements.uploading(measurements.project())
    part = folders.arriving_file(upload.files.get())
    part.parent.mkdir(parents=True)
    part.write_bytes(b"12345")
    facts["created"] = timezone.now() - timedelta(days=days)
    Measurement.objects.filter(pk=upload.pk).update(**facts)
    return upload


def test_a_preview_says_what_would_go_and_changes_nothing(rules):
    run, upload = aged(finished_run()), unfinished(31)
    said = retention("--preview")
    assert f"results of a run, {run}, {run.pk}" in said
    assert f"5\xa0bytes  {upload.project.lab}: unfinished upload, {upload}" in said
    assert "Would remove 2 with" in said
    assert "results 90 days, unfinished uploads 30 days" in said
    assert (rules.STORE / run.store_path).is_dir()
    assert Measurement.objects.filter(pk=upload.pk).exists()
    assert not Entry.objects.exists()


def test_old_results_go_and_their_run_measurement_and_history_stay(rules):
    run = aged(finished_run())
    client = Client()
    client.force_login(run.submitted_by)
    assert client.get(f"/runs/{run.pk}/").status_code == 200
    assert "Removed 1 with" in retention("--apply")

    assert not (rules.STORE / run.store_path).exists()
    after = Run.objects.get(pk=run.pk)
    assert (after.state, after.store_path) == ("succeeded", "")
    assert (rules.STORE / run.measurement.store_path).is_dir()
    page = client.get(f"/runs/{run.pk}/")
    assert page.status_code == 410
    assert "queue the run again to have the same results" in page.content.decode()
    for part in ("features", "profile", "answers.csv", "phases.png", "figure/calibration"):
        assert client.get(f"/runs/{run.pk}/{part}").status_code == 404
    entry = Entry.objects.get()
    assert (entry.action, entry.by, entry.lab) == ("run.expired", None, run.measurement.project.lab)
    assert "Removed 0" in retention("--apply")


def test_what_a_frozen_report_stands_on_never_goes(rules):
    run = finished_run()
    report = reports.freeze(run=run, by=run.submitted_by)
    aged(run)
    assert "Removed 0" in retention("--apply")
    assert (rules.STORE / run.store_path).is_dir()
    assert sealing.broken(reports.folder(report), report.content_hash) == []


def test_what_windows_have_judged_never_goes(rules):
    run = audits.audited_run()
    audits.judged(run.measurement.placements.get())
    aged(run)
    assert "Removed 0" in retention("--apply")
    assert (rules.STORE / run.store_path).is_dir()


def test_nothing_new_is_made_of_results_that_are_gone():
    run = audits.audited_run()
    Run.objects.filter(pk=run.pk).update(store_path="")
    run.refresh_from_db()
    with pytest.raises(Refused, match="could not be written"):
        reports.freeze(run=run, by=run.submitted_by)
    with pytest.raises(Refused, match="Only a run that has a result"):
        choose(run=run, user=run.submitted_by, count=1)


def test_young_results_and_runs_under_way_stay():
    finished_run()
    Run.objects.filter(pk=aged(finished_run()).pk).update(state=Run.State.RUNNING)
    assert "Would remove 0" in retention("--preview")


def test_unfinished_uploads_go_with_their_parts_and_others_stay():
    old, young = unfinished(31), unfinished(29)
    windows = unfinished(31, kind=Measurement.Kind.WINDOWS)
    read = measurements.ready(old.project)
    Measurement.objects.filter(pk=read.pk).update(created=timezone.now() - LONG_AGO)
    retention("--apply")
    assert set(Measurement.objects.all()) == {young, windows, read}
    assert not folders.quarantine(old.pk).exists()
    assert folders.quarantine(young.pk).exists()
    assert Entry.objects.get().action == "upload.expired"


def test_without_rules_everything_is_kept_for_ever(rules):
    rules.KEEP_RESULTS_DAYS = rules.KEEP_UNFINISHED_DAYS = 0
    aged(finished_run())
    unfinished(10_000)
    assert "Removed 0" in (said := retention("--apply"))
    assert "results for ever, unfinished uploads for ever" in said


def test_one_says_whether_to_look_or_to_remove():
    with pytest.raises(CommandError, match="one of the arguments"):
        call_command("retention")


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_lesson_stays_while_something_asks_the_network_it_taught(state):
    lesson = aged(lessons.finished(*lessons.pair()))
    asks = runs.run(lesson.measurement, after=lesson, state=state)
    assert "Would remove 0" in retention("--preview")
    Run.objects.filter(pk=asks.pk).update(state="failed")
    assert "Would remove 1" in retention("--preview")
