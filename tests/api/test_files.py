"""Files a program takes away: runs, tables, reports and stage lists."""

import io
import json
import shutil
import zipfile

import pytest
from django.conf import settings
from django.test import Client

from fiducial.reports.services import folder, freeze
from fiducial.runs.models import Run
from tests.api.test_api import V1, ask, detail
from tests.factories import audits, finished_runs, people, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return finished_runs.finished_run()


@pytest.fixture
def program(run: Run) -> Client:
    return tokens.program(run.submitted_by, "read")


def content(response) -> bytes:
    assert response.status_code == 200
    return response.getvalue()


def test_a_finished_run_is_taken_away_in_every_form(program, run):
    where = f"{V1}/runs/{run.pk}/downloads"
    for kind, file in (
        ("text", "estimate/Si.txt"),
        ("tiff", "sigma/Si.tif"),
        ("ome-zarr", "run.ome.zarr/zarr.json"),
    ):
        packed = zipfile.ZipFile(io.BytesIO(content(program.get(f"{where}/{kind}"))))
        assert file in packed.namelist()
    assert "provenance" in json.loads(content(program.get(f"{where}/provenance")))
    assert content(program.get(f"{where}/answers")).startswith(b"phase")
    assert detail(program, "get", f"/runs/{run.pk}/downloads/units", status=404)
    assert "kind" in detail(program, "get", f"/runs/{run.pk}/downloads/gold", status=422)


def test_features_are_listed_riskiest_first(program, run):
    found = ask(program, "get", f"/runs/{run.pk}/features")["features"]
    risks = [feature["risk"] for feature in found]
    assert risks == sorted(risks, reverse=True) != []


def test_a_run_whose_files_are_gone_is_told_so(program, run):
    shutil.rmtree(settings.STORE / run.store_path)
    assert "operator" in detail(program, "get", f"/runs/{run.pk}/features", status=410)


def test_a_report_is_fetched_and_checked(program, run):
    report = freeze(run=run, by=run.submitted_by)
    packed = zipfile.ZipFile(io.BytesIO(content(program.get(f"{V1}/reports/{report.pk}/download"))))
    assert {"manifest.json", "verify.py"} <= {name.split("/")[-1] for name in packed.namelist()}
    sealed = ask(program, "get", f"/reports/{report.pk}/check")
    assert sealed == {"as_sealed": True, "problems": [], "content_hash": report.content_hash}
    (folder(report) / "report.html").write_text("forged")
    assert ask(program, "get", f"/reports/{report.pk}/check")["problems"] == [
        "report.html was changed after the report was sealed."
    ]


def test_a_run_says_where_to_look_next_and_lists_it_for_the_stage():
    run = audits.audited_run(people.person())
    program = tokens.program(run.submitted_by)
    path = f"/runs/{run.pk}/audit-windows"
    chosen = ask(program, "post", path, {"count": 2}, status=201)
    assert (chosen["kind"], len(chosen["windows"])) == ("chosen", 2)
    listed = program.get(f"{V1}/audit-windows/{chosen['id']}/stage-list?factor=2")
    assert len(content(listed).splitlines()) == 3
    detail(program, "get", f"/audit-windows/{chosen['id']}/stage-list?factor=3", status=404)
    assert "1 to 32 windows" in detail(program, "post", path, {"count": 0}, status=400)


def test_files_of_another_lab_are_not_there(run):
    report, stranger = freeze(run=run, by=run.submitted_by), tokens.program(people.person())
    for method, path, body in (
        ("get", f"/runs/{run.pk}/downloads/text", None),
        ("get", f"/runs/{run.pk}/downloads/answers", None),
        ("get", f"/runs/{run.pk}/features", None),
        ("get", f"/reports/{report.pk}/download", None),
        ("get", f"/reports/{report.pk}/check", None),
        ("post", f"/runs/{run.pk}/audit-windows", {"count": 2}),
    ):
        assert "no such thing" in detail(stranger, method, path, body, status=404)
