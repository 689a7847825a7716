"""A report says whether its specimen itself was checked, and which came first."""

import json

import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.reports import services, verify
from tests.factories import audits

pytestmark = pytest.mark.django_db


def document(report) -> str:
    return (services.folder(report) / "report.html").read_text()


def test_reports_before_and_after_the_windows_say_so(client: Client, member: User) -> None:
    run = audits.audited_run(member)
    sealed = services.freeze(run=run, by=member)
    assert "Nothing of this specimen itself had been checked" in document(sealed)
    assert not (services.folder(sealed) / "audit.json").exists()

    audits.judged(run.measurement.placements.get())
    later = services.freeze(run=run, by=member)
    text = document(later)
    assert "Checked on this specimen" in text
    assert "Predicted before measured: version 1" in text
    assert sealed.content_hash in text
    assert "Nothing of this specimen" not in text
    assert list(verify.problems(services.folder(later), later.content_hash)) == []

    kept = json.loads((services.folder(later) / "audit.json").read_bytes())
    placement = run.measurement.placements.get()
    assert kept["windows"]["seed"] == placement.seed
    assert kept["windows"]["row_column_size"] == placement.windows
    assert kept["sealed_before"][0]["content_hash"] == sealed.content_hash
    assert kept["result"]["auditing"] == 8

    client.force_login(member)
    page = client.get(f"/reports/{sealed.pk}/").content.decode()
    assert "drawn at random and measured again" in page
    page = client.get(f"/reports/{later.pk}/").content.decode()
    assert "drawn at random and measured again" not in page
