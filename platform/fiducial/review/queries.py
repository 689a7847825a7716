"""Reading decisions, marks and links: what counts, what is out of date, what waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Exists, OuterRef, QuerySet

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User
from fiducial.reports.models import Report
from fiducial.reports.queries import visible_reports
from fiducial.runs.models import Run
from fiducial.trail.models import Entry

from . import asking, blinding, records
from .models import Decision, Link, Mark, ReviewRequest, Said

SaidT = TypeVar("SaidT", bound=Said)
LOOKED_AT = 30  # of the newest reports that wait, the riskiest come first


@dataclass(frozen=True)
class Standing:
    """A decision as it stands now."""

    decision: Decision
    counts: bool  # the newest of its voice
    genuine: bool  # as the facility signed it


def standings(report: Report) -> list[Standing]:
    """Every decision on a report, the newest first."""
    rows = list(report.decisions.select_related("report"))
    counting = {row.pk for row in newest(rows)}
    return [Standing(row, row.pk in counting, records.genuine(row)) for row in reversed(rows)]


def earlier_standings(report: Report) -> list[Standing]:
    """Decisions that count on earlier versions of the same run, the newest first."""
    earlier = Decision.objects.filter(report__run=report.run_id, report__version__lt=report.version)
    rows = earlier.select_related("report").order_by("when")
    counting = {(row.report_id, row.voice): row for row in rows}.values()
    found = [Standing(row, True, records.genuine(row)) for row in counting]
    return sorted(found, key=lambda one: one.decision.when, reverse=True)


def superseded(report: Report) -> str:
    """Why decisions on this report are for an older version, in a sentence; empty when they are
    not."""
    newer = Report.objects.filter(run=report.run_id, version__gt=report.version)
    if last := newer.order_by("-version").first():
        return f"For an older version: version {last.version} of this report was frozen since."
    run = report.run
    if run.finished and _runs_like(run).filter(finished__gt=run.finished).exists():
        return "For an older version: the same recipe has answered anew on this measurement since."
    return ""


def decisions_in(lab: Lab) -> QuerySet[Decision]:
    """Decisions on the reports of a lab, the newest first."""
    found = Decision.objects.filter(report__run__lab=lab)
    return found.select_related("report").order_by("-when")


def newest(rows: Iterable[SaidT]) -> list[SaidT]:
    """Of rows in the order of time, the last of each voice."""
    return list({row.voice: row for row in rows}.values())


def marks_of(report: Report) -> dict[int, list[Mark]]:
    """All marks on a report by the number of their detail, each list in the order of time."""
    found: dict[int, list[Mark]] = {}
    for mark in report.marks.all():
        found.setdefault(mark.number, []).append(mark)
    return found


def reviewers_for(report: Report) -> QuerySet[User, str]:
    """The usernames of those who may decide on a report and have not."""
    roles = permissions.MATRIX[permissions.REVIEW]
    lab = report.run.lab_id
    may = User.objects.filter(
        is_active=True, memberships__lab=lab, memberships__role__in=roles
    ).exclude(pk=report.frozen_by_id)
    decided = report.decisions.exclude(by=None).values("by")
    return may.exclude(pk__in=decided).order_by("username").values_list("username", flat=True)


def lifted(report: Report) -> Entry | None:
    """Who ended its blind review, when and why; None where nobody did, or it is blind again."""
    if blinding.is_blind(report):
        return None
    ended = Entry.objects.filter(action="review.unblinded", subject_id=str(report.pk))
    return ended.order_by("when").last()


def requests_of(report: Report, user: User) -> QuerySet[ReviewRequest]:
    """Who was asked to review a report, as far as `user` is told: who is still to decide in a
    blind review only that they were, owners all. `newer` and `decided` as in `asking.told`.
    """
    found = asking.told(report.requests.all())
    is_hidden = blinding.hidden_from(user).filter(pk=report.pk).exists()
    if is_hidden and not permissions.may(user, permissions.MANAGE, report.run.lab):
        return found.filter(reviewer=user)
    return found


def links_of(report: Report) -> QuerySet[Link]:
    """The links to a report, newest first."""
    return report.review_links.select_related("made_by").order_by("-made")


def link_of(token: str) -> Link | None:
    """The link with this token, open or not."""
    found = Link.objects.filter(token_hash=Link.hashed(token))
    return found.select_related("report__run__lab").first()


def awaiting(user: User) -> list[Report]:
    """Reports on which `user` may decide, nobody has and they were not asked to: newest versions,
    the riskiest of the newest ones first."""
    newer = Report.objects.filter(run=OuterRef("run"), version__gt=OuterRef("version"))
    asked = user.review_requests.filter(closed=None).values("report")
    waiting = visible_reports(user, permissions.REVIEW).exclude(frozen_by=user)
    waiting = waiting.exclude(pk__in=asked)
    waiting = waiting.filter(~Exists(newer), decisions=None).order_by("-frozen")
    return sorted(waiting[:LOOKED_AT], key=lambda report: -risky_share(report.run))


def risky_share(run: Run) -> float:
    """The share of a run's features that are more likely absent than not; 0 for movies."""
    features = run.summary.get("features") or {}
    return features.get("high_risk", 0) / max(features.get("count", 0), 1)


def _runs_like(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(
        measurement=run.measurement_id, recipe=run.recipe, state=Run.State.SUCCEEDED
    )
