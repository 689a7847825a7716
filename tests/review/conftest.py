"""A report that a member froze, and the people around it."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from fiducial.accounts.models import Membership, User
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import services
from fiducial.review.models import Link
from fiducial.review.visitors import Visitor
from fiducial.runs.models import Run
from tests.factories.finished_runs import finished_run
from tests.factories.people import person

SEALED: dict[str, Any] = {}  # a report that was frozen once, and a copy of its files


@pytest.fixture
def member(db: None) -> User:
    return person("mara", first_name="Mara", last_name="Lind")


@pytest.fixture
def report(member: User) -> Report:
    return frozen(finished_run(member), member)


@pytest.fixture
def reviewer(report: Report) -> User:
    return colleague(report, "rolf", Membership.Role.REVIEWER)


def frozen(run: Run, by: User) -> Report:
    """A first report of a run, as sealed once for all tests: printing takes most of the time."""
    if not SEALED:
        made = reports.freeze(run=run, by=by, title="Zoned olivine")
        copy = Path(tempfile.mkdtemp(prefix="fiducial-test-report-")) / "report"
        shutil.copytree(reports.folder(made), copy)
        SEALED.update(id=made.pk, content_hash=made.content_hash, path=made.path, copy=copy)
        return made
    facts = {name: SEALED[name] for name in ("id", "content_hash", "path")}
    report = Report(run=run, version=1, title="Zoned olivine", frozen_by=by, **facts)
    report.save(force_insert=True)
    shutil.rmtree(reports.folder(report), ignore_errors=True)
    shutil.copytree(SEALED["copy"], reports.folder(report))
    return report


def colleague(report: Report, name: str, role: str) -> User:
    """Somebody new in the lab of a report."""
    user = person(name)
    Membership.objects.create(lab=report.run.measurement.project.lab, user=user, role=role)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def link_for(report: Report, **facts: object) -> tuple[Link, str]:
    """A link that the one who froze the report made, and its token."""
    wanted = {"whom": "referee 2", "days": 30, "may_decide": True, **facts}
    return services.make_link(report=report, by=report.frozen_by, **wanted)


def guest(report: Report, **facts: object) -> Visitor:
    """Somebody who came by a link."""
    link, token = link_for(report, **facts)
    return Visitor(report, link=link, token=token)
