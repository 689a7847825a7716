"""Asking for reviews by command."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fiducial.accounts.models import Membership
from fiducial.reports.models import Report
from fiducial.review.models import ReviewRequest
from tests.factories import people
from tests.factories.finished_runs import finished_run
from tests.factories.frozen_reports import frozen

DUE = (timezone.now().date() + timedelta(days=7)).isoformat()


@pytest.fixture
def report(member) -> Report:
    """Of a lab that `member` owns, with two reviewers."""
    run = finished_run(member)
    run.lab.memberships.filter(user=member).update(role="owner")
    for name in ("rolf", "rita"):
        Membership.objects.create(lab=run.lab, user=people.person(name), role="reviewer")
    return frozen(run, member)


def test_reviewers_are_asked_listed_and_asked_no_more(typed, portal, report):
    status, number, told = typed("ask", report.pk, "rolf", "--by", DUE, "--blind")
    assert (status, told) == (0, f"rolf was asked, by {DUE}.\n")
    assert ReviewRequest.objects.get(pk=number).blind
    assert typed("requests", report.pk)[1] == f"{number}\t{report.pk}\t1\trolf\t{DUE}\twaiting"
    assert typed("requests") == (0, "", "")  # nobody asked the member
    assert typed("withdraw", report.pk, number)[0] == 0
    [request] = portal.requests(str(report.pk))
    assert (request.state, request.newer_version) == ("withdrawn", False)


def test_a_blind_review_is_ended_with_a_reason(typed, report):
    assert "is not blind" in typed("unblind", report.pk, "--because", "A mistake.")[2]
    typed("ask", report.pk, "rita", "--by", DUE, "--blind")
    assert typed("unblind", report.pk, "--because", "A mistake.")[0] == 0
    assert not ReviewRequest.objects.get().blind


def test_a_day_that_is_none_is_said(typed, report, capsys):
    with pytest.raises(SystemExit):
        typed("ask", report.pk, "rolf", "--by", "31.1.2027")
    assert "no day, as in 2027-01-31" in capsys.readouterr().err
