"""Owners and operators take a lab's usage away as a table; nobody else learns that it exists."""

import csv
import os
from datetime import UTC, datetime

import pytest
from django.test import Client

from fiducial.measurements.models import Measurement, UploadedFile
from fiducial.reports import services as reports
from fiducial.runs.models import Run
from tests.factories import measurements
from tests.factories.finished_runs import finished_run
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = datetime(2026, 10, 31, 23, 59, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.STORE = tmp_path / "store"
    return settings.STORE


def ask(user, lab):
    client = Client()
    client.force_login(user)
    return client.get(f"/labs/{lab.pk}/usage.csv")


def bytes_below(*folders) -> int:
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(os.stat(path).st_size for path in found)


def test_a_table_counts_what_ended_was_sent_and_is_kept_in_each_month(store):
    run = finished_run()
    measurement = run.measurement
    mine = measurement.project.lab
    lab_owner = person()
    mine.memberships.create(user=lab_owner, role="owner")
    Run.objects.filter(pk=run.pk).update(
        started=NOVEMBER.replace(minute=5), finished=NOVEMBER.replace(minute=10)
    )
    for state in (Run.State.FAILED, Run.State.CANCELLED, Run.State.QUEUED):
        Run.objects.create(
            measurement=measurement,
            measurement_revision=1,
            recipe="toy",
            state=state,
            submitted_by=run.submitted_by,
            started=None if state == Run.State.CANCELLED else OCTOBER.replace(minute=58),
            finished=None if state == Run.State.QUEUED else OCTOBER,
        )
    Measurement.objects.filter(pk=measurement.pk).update(created=OCTOBER)
    sent = measurements.quarantined(measurement.project, {"Si.txt": b"1 2\n"})
    Measurement.objects.filter(pk=sent.pk).update(created=NOVEMBER)
    UploadedFile.objects.update(created=NOVEMBER)
    finished_run()  # of another lab

    answer = ask(lab_owner, mine)
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.content.decode().splitlines()))
    measured = bytes_below(store / "measurements" / str(measurement.pk))
    more = bytes_below(store / "runs" / str(run.pk)) + 4
    assert rows == [
        {
            "month": "2026-10",
            "runs_finished": "0",
            "runs_failed": "1",
            "runs_cancelled": "1",
            "compute_seconds": "60",
            "uploaded_bytes": "0",
            "stored_bytes": str(measured),
        },
        {
            "month": "2026-11",
            "runs_finished": "1",
            "runs_failed": "0",
            "runs_cancelled": "0",
            "compute_seconds": "300",
            "uploaded_bytes": "4",
            "stored_bytes": str(measured + more),
        },
    ]


def test_reports_count_as_kept(store):
    run = finished_run()
    mine = run.measurement.project.lab
    operator = person(is_operator=True)
    before = int(ask(operator, mine).content.decode().split(",")[-1])
    report = reports.freeze(run=run, by=run.submitted_by)
    after = int(ask(operator, mine).content.decode().split(",")[-1])
    assert after - before == bytes_below(store / report.path)


def test_a_lab_in_which_nothing_happened_has_an_empty_table():
    owner = person()
    assert len(ask(owner, lab(owner=owner)).content.decode().splitlines()) == 1


def test_only_owners_and_operators_see_it():
    owner, member, reviewer = person(), person(), person()
    mine = lab(owner=owner, member=member, reviewer=reviewer)
    assert ask(owner, mine).status_code == 200
    assert ask(person(is_operator=True), mine).status_code == 200
    for other in (member, reviewer, person()):
        assert ask(other, mine).status_code == 404
    assert Client().get(f"/labs/{mine.pk}/usage.csv").status_code == 302


@pytest.mark.parametrize("role", ["owner", "member"])
def test_the_page_of_the_lab_leads_owners_there(role):
    user = person()
    mine = lab(owner=person(), **({role: user} if role == "member" else {}))
    if role == "owner":
        mine.memberships.create(user=user, role="owner")
    client = Client()
    client.force_login(user)
    page = client.get(f"/labs/{mine.pk}/").content.decode()
    assert (f"/labs/{mine.pk}/usage.csv" in page) == (role == "owner")
