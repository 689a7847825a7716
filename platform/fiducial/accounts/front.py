"""What the front page tells somebody who is signed in: what waits for them, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse

from fiducial.measurements.models import Measurement, Project
from fiducial.measurements.queries import visible_measurements, visible_projects
from fiducial.reports.models import Report
from fiducial.review import asking
from fiducial.review.queries import awaiting, risky_share
from fiducial.runs import following, recent
from fiducial.runs.models import Run
from fiducial.runs.queries import Queue, in_lists, visible_runs

from . import permissions
from .models import User

SHOWN = 6  # of each list; the rest is in the projects


@dataclass(frozen=True)
class Item:
    """One line: what it is, in which state, and the sentence that says why it is here."""

    title: str
    state: str
    state_words: str
    why: str
    url: str
    run: Run | None = field(default=None)


def context(user: User) -> dict[str, Any]:
    """The lists of the front page, and what its drop zone needs."""
    return {
        "waiting": [*_questions(user), *_failures(user), *_reviews(user)],
        "under_way": list(under_way(user)),
        "results": _results(user),
        "projects": _projects(user),
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_files": settings.UPLOAD_MAX_FILES,
    }


def _questions(user: User) -> Iterator[Item]:
    """My uploads that need an answer or could not be read."""
    stuck = (Measurement.State.ATTENTION, Measurement.State.REFUSED)
    mine = visible_measurements(user, permissions.WORK).filter(uploaded_by=user, state__in=stuck)
    for one in mine.order_by("-state_since")[:SHOWN]:
        asks = one.state == Measurement.State.ATTENTION
        words = "needs an answer" if asks else "could not be read"
        yield Item(one.name, one.state, words, _first_problem(one), one.get_absolute_url())


def _first_problem(measurement: Measurement) -> str:
    order = {"refused": 0, "question": 1}
    problems = sorted(measurement.problems, key=lambda one: order.get(one["severity"], 2))
    return f"{problems[0]['what']} {problems[0]['do']}" if problems else ""


def _failures(user: User) -> Iterator[Item]:
    """My runs that failed and that nobody has retried."""
    failed = in_lists(visible_runs(user)).filter(
        submitted_by=user, state=Run.State.FAILED, retries=None
    )
    for run in failed.order_by("-finished")[:SHOWN]:
        yield Item(
            run.measurement.name, run.state, "failed", run.error, run.get_absolute_url(), run
        )


def _reviews(user: User) -> Iterator[Item]:
    """What I was asked to review, the most urgent first; then reports on which I may decide and
    nobody has, those with the most risky features first.
    """
    for one in asking.open_for(user)[:SHOWN]:
        words = "review is late" if one.is_late else "review is asked for"
        why = f"Asked by {one.asked_by.username}; due {one.due:%-d %B %Y}."
        if one.newer:
            words, why = "newer version", f"{why} A newer version exists."
        yield Item(str(one.report), "attention", words, why, _review(one.report))
    for report in awaiting(user)[:SHOWN]:
        share = round(100 * risky_share(report.run))
        risky = f" {share} % of its features are more likely absent than not." if share else ""
        why = f"Frozen by {report.frozen_by.username} on {report.frozen:%-d %B %Y}.{risky}"
        yield Item(str(report), "attention", "awaits review", why, _review(report))


def _review(report: Report) -> str:
    return reverse("review:review", args=[report.pk])


def under_way(user: User) -> Iterator[Item]:
    """Waiting and running runs of my labs, next first."""
    mine = Run.objects.filter(lab__in=permissions.lab_keys(user, permissions.SEE))
    active = mine.filter(state__in=Run.ACTIVE).order_by("created").values_list("pk", flat=True)
    if not (keys := list(active[:SHOWN])):
        return
    queue, known = recent.moving(keys)
    for run, name in known:
        words = "running" if run.state == Run.State.RUNNING else "waiting"
        why = _progress(run, queue)
        yield Item(name, run.state, words, why, run.get_absolute_url(), run)


def _progress(run: Run, queue: Queue) -> str:
    wait = queue.wait(run)
    if wait is None:
        return following.reason(run) or run.stage or "Starting."
    return f"{wait.reason} {wait.eta}".strip()


def _results(user: User) -> QuerySet[Run]:
    """The newest finished runs of my labs, with the `verdict` and `factor` of their results."""
    finished = in_lists(visible_runs(user)).filter(state=Run.State.SUCCEEDED)
    said = {"verdict": F("summary__verdict__0"), "factor": F("summary__factor")}
    return finished.annotate(**said).order_by("-finished")[:SHOWN]


def _projects(user: User) -> QuerySet[Project]:
    """Where I can upload to."""
    mine = visible_projects(user, permissions.WORK)
    return mine.select_related("lab").order_by("-created")
