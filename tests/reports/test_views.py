import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client

from fiducial.accounts.models import User
from fiducial.reports import services
from fiducial.reports.models import Report
from fiducial.runs.models import Run


@pytest.fixture
def report(run: Run, member: User) -> Report:
    return services.freeze(run=run, by=member, title="Zoned olivine")


def test_freezing_leads_to_the_new_report(client: Client, run: Run) -> None:
    answer = client.post(f"/runs/{run.pk}/freeze/", {"title": "Zoned olivine"})
    report = Report.objects.get()
    assert answer.headers["Location"] == f"/reports/{report.pk}/"
    assert (report.title, report.version) == ("Zoned olivine", 1)


def test_refusal_is_told_on_the_page_of_the_run(client: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED)
    answer = client.post(f"/runs/{run.pk}/freeze/")
    assert answer.headers["Location"] == f"/runs/{run.pk}/"
    (message,) = get_messages(answer.wsgi_request)
    assert str(message).startswith("Only a finished run can be frozen")


def test_page_shows_the_frozen_document_and_that_it_was_verified(
    client: Client, report: Report
) -> None:
    text = client.get(f"/reports/{report.pk}/").content.decode()
    assert "Verified just now" in text
    assert report.content_hash in text
    assert "What this report guarantees" in text
    assert text.count("<html") == 1


def test_page_of_a_tampered_report_says_which_file(client: Client, report: Report) -> None:
    claims = services.folder(report) / "claims.json"
    claims.write_text(claims.read_text().replace("dark", "bright") + " ")
    text = client.get(f"/reports/{report.pk}/").content.decode()
    assert "Not as it was sealed" in text
    assert "claims.json was changed after the report was sealed." in text
    assert "Verified just now" not in text


def test_page_of_a_lost_report_says_so(client: Client, report: Report) -> None:
    services.folder(report).rename(settings.STORE / "elsewhere")
    text = client.get(f"/reports/{report.pk}/").content.decode()
    assert "The report&#x27;s files are gone." in text


def test_run_behind_the_report_can_be_checked_too(client: Client, report: Report, run: Run) -> None:
    address = f"/reports/{report.pk}/check/"
    assert "still have the hash" in client.get(address).content.decode()
    (settings.STORE / run.store_path / "stray").write_text("x")
    assert "changed after the report was sealed" in client.get(address).content.decode()


def test_downloaded_report_verifies_itself(client: Client, report: Report, tmp_path: Path) -> None:
    answer = client.get(f"/reports/{report.pk}/download")
    name = f"zoned-olivine-v1-{report.content_hash[:12]}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, tmp_path / name / "verify.py", report.content_hash], check=False
    )
    assert done.returncode == 0


def test_report_of_another_lab_answers_like_a_missing_one(stranger: Client, report: Report) -> None:
    for route in ("", "check/", "download", "pdf"):
        assert stranger.get(f"/reports/{report.pk}/{route}").status_code == 404, route
        assert Client().get(f"/reports/{report.pk}/{route}").status_code == 302, route


def test_run_of_another_lab_cannot_be_frozen(stranger: Client, run: Run) -> None:
    assert stranger.post(f"/runs/{run.pk}/freeze/").status_code == 404
    assert not Report.objects.exists()


def test_report_without_pdf_has_none_to_fetch(client: Client, report: Report) -> None:
    (services.folder(report) / "report.pdf").unlink(missing_ok=True)
    assert client.get(f"/reports/{report.pk}/pdf").status_code == 404
