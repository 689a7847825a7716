"""Blind reviews: whoever is still to decide on a report is told nothing of the others.

A report is blind once somebody was asked blind, by a request or by a link, and stays so until an
owner lifts it (`services.lift_blindness`): what others marked and decided, and who they are, is
shown to a reviewer who has decided on it.
"""

from django.db.models import Q, QuerySet
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.reports.models import Report

BLIND = Q(requests__blind=True) | Q(review_links__blind=True)
UNTIL_DECIDED = (
    "This review is blind: what others marked and decided, and who they are, is shown to you once "
    "you have decided."
)
UNTIL_ALL_DECIDED = (
    "A blind review is under way: what was decided is shown here once all who were asked have."
)


def is_blind(report: Report) -> bool:
    """Whether reviewers of a report judge it without knowing of each other."""
    return Report.objects.filter(BLIND, pk=report.pk).exists()


def under_way(report: Report) -> str:
    """Why outsiders are told nothing of its decisions yet; empty when they are."""
    if not is_blind(report):
        return ""
    lasting = Q(expires=None) | Q(expires__gt=timezone.now())
    links = report.review_links.filter(lasting, may_decide=True, revoked=None, decision=None)
    asked = report.requests.filter(closed=None)
    return UNTIL_ALL_DECIDED if links.exists() or asked.exists() else ""


def hidden_from(user: User) -> QuerySet[Report]:
    """The blind reports on which `user` may decide and has not."""
    labs = permissions.lab_keys(user, permissions.REVIEW)
    blind = Report.objects.filter(BLIND, run__lab__in=labs)
    return blind.exclude(frozen_by=user).exclude(decisions__by=user).distinct()
