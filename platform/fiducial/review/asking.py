"""Asking somebody of the lab to review a report by a day: mailed, reminded once, closed by them.

Nobody is reminded of a report of which a newer version exists; what they were asked says so.
"""

from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from fiducial.accounts import letters, permissions
from fiducial.accounts.models import Lab, User
from fiducial.errors import Refused
from fiducial.reports.models import Report
from fiducial.reports.queries import visible_reports
from fiducial.trail.services import record

from .models import Decision, ReviewRequest

USUAL = timedelta(days=14)
LONGEST = timedelta(days=366)
REMINDED_AT = time(7, tzinfo=UTC)  # of the day it is due


@transaction.atomic
def ask(
    *, report: Report, by: User, reviewer: str, due: date, blind: bool = False
) -> ReviewRequest:
    """Ask the person of the lab with that username or address to decide on `report` by `due`.

    `blind` makes the review of this report a blind one, for everybody who is still to decide.

    Refused, in a sentence: for all but owners, for an older version, for somebody who may not
    decide on it or has, twice for one person, and for a day that is not within the year to come.
    """
    lab = report.run.lab
    permissions.require(by, permissions.MANAGE, lab)
    if Report.objects.filter(run=report.run_id, version__gt=report.version).exists():
        raise Refused("A newer version of this report exists: ask for a review of that one.")
    asked = _person(lab, reviewer.strip())
    if not permissions.may(asked, permissions.REVIEW, lab):
        raise Refused(f"{asked} may not decide: only owners and reviewers of {lab} do.")
    if asked.pk == report.frozen_by_id:
        raise Refused(f"{asked} froze this report, so somebody else has to decide on it.")
    if report.decisions.filter(by=asked).exists():
        raise Refused(f"{asked} has decided on this version already.")
    if earlier := report.requests.filter(reviewer=asked, closed=None).first():
        raise Refused(f"{asked} has been asked already, by {earlier.due:%-d %B %Y}.")
    if not timezone.now().date() < due <= timezone.now().date() + LONGEST:
        raise Refused("Choose a day after today, and within a year.")
    request = ReviewRequest(report=report, reviewer=asked, asked_by=by, due=due, blind=blind)
    _mail(request, "asked", None)
    request.reminder = _mail(request, "reminded", datetime.combine(due, REMINDED_AT))
    request.save()
    said = f"{asked}, by {due:%-d %B %Y}{', blind' if blind else ''}"
    record("review.asked", by=by, lab=lab, subject=report, reason=said)
    return request


@transaction.atomic
def withdraw(*, request: ReviewRequest, by: User) -> None:
    """Ask no more; what was said meanwhile stays."""
    lab = request.report.run.lab
    permissions.require(by, permissions.MANAGE, lab)
    if _close(ReviewRequest.objects.filter(pk=request.pk, closed=None)):
        whom = str(request.reviewer)
        record("review.withdrawn", by=by, lab=lab, subject=request.report, reason=whom)


def close(report: Report, user: User) -> None:
    """Close what `user` was asked about `report`, who has decided; in that transaction."""
    _close(report.requests.filter(reviewer=user, closed=None))


def outdate(report: Report) -> None:
    """Remind nobody of the versions before `report`, just frozen; in that transaction."""
    earlier = ReviewRequest.objects.filter(
        report__run=report.run_id, report__version__lt=report.version, closed=None
    )
    letters.take_back(list(earlier.values_list("reminder", flat=True)))


def open_for(user: User) -> QuerySet[ReviewRequest]:
    """What `user` was asked and has not done, the most urgent first; `newer` as in `told`."""
    reports = visible_reports(user, permissions.REVIEW)
    found = user.review_requests.filter(closed=None, report__in=reports)
    return told(found).select_related("report__run").order_by("due", "pk")


def told(requests: QuerySet[ReviewRequest]) -> QuerySet[ReviewRequest]:
    """With `newer`, whether a newer version of the report exists, and `decided`, whether the
    reviewer decided on this one.
    """
    of = {"run": OuterRef("report__run"), "version__gt": OuterRef("report__version")}
    decided = Decision.objects.filter(report=OuterRef("report"), by=OuterRef("reviewer"))
    found = requests.annotate(newer=Exists(Report.objects.filter(**of)), decided=Exists(decided))
    return found.select_related("report", "reviewer", "asked_by")


def _person(lab: Lab, called: str) -> User:
    named = Q(username__iexact=called) | Q(email__iexact=called)
    found = User.objects.filter(named, memberships__lab=lab, is_active=True).distinct()[:2]
    if not called or not found:
        raise Refused(
            f"Nobody in {lab} is called “{called}” or has that address. Invite them as a reviewer "
            "on the page of the lab, or make a link for somebody without an account."
        )
    if len(found) > 1:
        raise Refused(f"Two people of {lab} are called “{called}”; give the username.")
    return found[0]


def _mail(request: ReviewRequest, what: str, due: datetime | None) -> letters.Letter | None:
    page = letters.address(reverse("review:review", args=[request.report.pk]))
    context = {"request": request, "page": page, "what": what}
    begins = "Due today" if what == "reminded" else f"{request.asked_by} asks for your review"
    return letters.write(
        to=request.reviewer.email,
        subject=f"{begins}: {request.report}",
        text=render_to_string("review/asked.txt", context),
        due=due,
    )


def _close(requests: QuerySet[ReviewRequest]) -> int:
    """Close them, and take back reminders that were not sent."""
    letters.take_back(list(requests.values_list("reminder", flat=True)))
    return requests.update(closed=timezone.now())
