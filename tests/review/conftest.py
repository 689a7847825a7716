"""A report that a member froze, and the people around it."""

import pytest
from django.test import Client

from fiducial.accounts.models import Membership, User
from fiducial.reports.models import Report
from fiducial.review import services
from fiducial.review.models import Link
from fiducial.review.visitors import Visitor
from tests.factories.finished_runs import finished_run
from tests.factories.frozen_reports import frozen
from tests.factories.people import person


@pytest.fixture
def member(db: None) -> User:
    return person("mara", first_name="Mara", last_name="Lind")


@pytest.fixture
def report(member: User) -> Report:
    return frozen(finished_run(member), member)


@pytest.fixture
def reviewer(report: Report) -> User:
    return colleague(report, "rolf", Membership.Role.REVIEWER)


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
