import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string

from fiducial.accounts.models import Membership, User
from fiducial.errors import Refused
from fiducial.reports import pdf, sealing, services
from fiducial.reports.models import Report
from fiducial.runs.models import Run
from tests.factories.people import person
from workers.store import content_hash


def reports_on_disk() -> list[Path]:
    folder = settings.STORE / "reports"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_report_is_sealed_by_the_hash_of_its_manifest(run: Run, member: User) -> None:
    report = services.freeze(run=run, by=member, title="Zoned olivine")
    folder = services.folder(report)
    manifest = (folder / "manifest.json").read_bytes()
    facts = json.loads(manifest)
    assert report.content_hash == hashlib.sha256(manifest).hexdigest()
    assert manifest == sealing.canonical(facts)
    assert facts["title"] == "Zoned olivine"
    assert facts["run"]["content_hash"] == content_hash(settings.STORE / run.store_path)
    assert facts["measurement"]["content_hash"] == run.measurement.content_hash
    on_disk = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert set(facts["files"]) == on_disk
    assert {"report.html", "provenance.json", "claims.json", "verify.py"} <= on_disk
    for name, digest in facts["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert sealing.broken(folder, report.content_hash) == []


def test_each_freeze_is_a_version_of_its_own(run: Run, member: User) -> None:
    first, second = (services.freeze(run=run, by=member) for _ in range(2))
    assert (first.version, second.version) == (1, 2)
    assert first.path != second.path
    assert sealing.broken(services.folder(first), first.content_hash) == []


def test_report_needs_nothing_but_itself(run: Run, member: User) -> None:
    report = services.freeze(run=run, by=member)
    text = (services.folder(report) / "report.html").read_text()
    assert "<script" not in text
    assert "<link" not in text
    sources = re.findall(r'(?:src|xlink:href)="([^"]*)"|<image href="([^"]*)"', text)
    pictures = [one or other for one, other in sources]
    assert len(pictures) > 6
    assert all(picture.startswith("data:image/png;base64,") for picture in pictures)
    assert not re.findall(r"url\((?!data:)", text)


def test_report_says_guarantee_claims_and_worst_failure_in_this_order(
    run: Run, member: User
) -> None:
    report = services.freeze(run=run, by=member)
    text = (services.folder(report) / "report.html").read_text()
    headings = re.findall(r"<h[23]>(.*?)</h[23]>", text)
    assert headings[:3] == [
        "What this report guarantees",
        "What it does not cover",
        "What can be believed",
    ]
    assert headings.index("The worst failure") < headings.index("Methods")
    details = text[text.index('<section class="more">') :]
    for heading in ("Calibration", "Samples", "Provenance", "Checking the seal"):
        assert f"<summary><h2>{heading}</h2></summary>" in details
    for sentence in run.summary["verdict"]:
        assert sentence in text
    claims = json.loads((services.folder(report) / "claims.json").read_text())
    assert len(claims) == run.summary["features"]["count"]
    assert any(claim["sentence"] in text for claim in claims)


def test_report_of_an_uncalibrated_model_guarantees_nothing() -> None:
    told = render_to_string("reports/_maps.html", {"summary": {"calibration": {}}})
    assert "never calibrated on specimens of its own" in told
    assert "nine pixels in ten" not in told


@pytest.mark.system
def test_report_is_printed_where_pango_is_there(run: Run, member: User) -> None:
    if pdf.printed("<p>Is Pango there?</p>") is None:
        pytest.skip("Pango is not installed (Debian: libpango-1.0-0 libpangoft2-1.0-0)")
    report = services.freeze(run=run, by=member)
    folder = services.folder(report)
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "There is no PDF of this report" not in (folder / "report.html").read_text()


def test_unfinished_run_cannot_be_frozen(run: Run, member: User) -> None:
    run.state = Run.State.RUNNING
    with pytest.raises(Refused, match="Only a finished run can be frozen"):
        services.freeze(run=run, by=member)


def test_reviewer_may_look_but_not_freeze(run: Run) -> None:
    reviewer = person()
    Membership.objects.create(user=reviewer, lab=run.measurement.project.lab, role="reviewer")
    with pytest.raises(Refused, match="Only owners and members of"):
        services.freeze(run=run, by=reviewer)


def test_title_that_does_not_fit_is_refused(run: Run, member: User) -> None:
    with pytest.raises(Refused, match="has 201 characters; at most 200 fit"):
        services.freeze(run=run, by=member, title="x" * 201)


def test_lost_run_leaves_no_half_report(run: Run, member: User) -> None:
    before = reports_on_disk()
    shutil.rmtree(settings.STORE / run.store_path)
    with pytest.raises(Refused, match="The report could not be written"):
        services.freeze(run=run, by=member)
    assert reports_on_disk() == before
    assert not Report.objects.exists()


def test_two_at_once_keep_one_version_and_no_stray_files(run: Run, member: User) -> None:
    before = reports_on_disk()

    def meanwhile(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        """Somebody else's report lands after this one has chosen its version."""
        found = execute(sql, params, many, context)
        if "MAX(" in sql:
            Report.objects.create(run=run, version=1, title="Theirs", path="x", frozen_by=member)
        return found

    with connection.execute_wrapper(meanwhile), pytest.raises(Refused, match="same moment"):
        services.freeze(run=run, by=member)
    assert reports_on_disk() == before
    assert Report.objects.get().title == "Theirs"
