"""A run on calorimeter events becomes a report."""

import csv
import json

import pytest

from fiducial.reports import event_claims, services
from tests.factories import measurements, runs
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(settings, tmp_path):
    settings.STORE = tmp_path / "store"
    member = person()
    return runs.of_events(measurements.project(lab(member=member)), member)


def test_report_says_what_the_run_found_and_seals_its_tables(run):
    report = services.freeze(run=run, by=run.submitted_by)
    folder = services.folder(report)
    text = (folder / "report.html").read_text()
    for heading in ("What this report guarantees", "What can be believed", "The worst failure"):
        assert f"<h2>{heading}</h2>" in text
    assert "Beside the truth" in text
    assert "1 event did not look like those that were taught" in text
    claims = json.loads((folder / "claims.json").read_text())
    assert [claim["about"] for claim in claims] == ["sums", "particles", "number"]
    with (folder / "events.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6
    with (folder / "particles.csv").open() as file:
        assert len(list(csv.DictReader(file))) == run.summary["particles"]["count"]


def test_claims_fall_where_the_calorimeter_or_most_events_were_never_taught(run):
    summary = {**run.summary, "foreign": []}
    known = {**summary, "abstained": 0, "number": {**summary["number"], "sure": 3}}
    assert [claim.stands for claim in event_claims.of_run(known)][1:] == [True, True]
    for changed in ({"foreign": ["Another pitch."]}, {"abstained": 5}):
        claims = event_claims.of_run(known | changed)
        assert [claim.stands for claim in claims][1:] == [False, False]


def test_sums_that_contradict_the_measurement_are_doubted(run):
    for sums, stands in (((1.0, 4.0), True), ((1.0, 9.0), False), ((3.0, 4.0), False)):
        found = dict(zip(("rms_sigma", "worst_sigma"), sums, strict=True))
        claim = event_claims.of_run({**run.summary, "consistency": found})[0]
        assert claim.stands is stands
