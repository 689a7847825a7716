"""Audit windows on other pages: `{% audit_windows measurement %}`, `{% audit_claim run %}`."""

from typing import Any

from django import template

from fiducial.audits import pages, queries, words
from fiducial.measurements.models import Measurement
from fiducial.reports.models import Report
from fiducial.runs.models import Run

register = template.Library()


@register.inclusion_tag("audits/_offer.html")
def audit_windows(measurement: Measurement) -> dict[str, Any]:
    """The windows drawn for a map, and its stage list."""
    return queries.offer(measurement)


@register.inclusion_tag("audits/_which.html")
def audits_which(measurement: Measurement) -> dict[str, Any]:
    """Of which map a rescan shows windows."""
    return {"placement": measurement.rescan.placement}


@register.inclusion_tag("audits/_claim.html", takes_context=True)
def audit_claim(context: dict[str, Any], run: Run) -> dict[str, Any]:
    """What audit windows say of a run, or how to add them."""
    token = {"csrf_token": context["csrf_token"]}
    return pages.of_run(run, context["request"].user) | token


@register.inclusion_tag("audits/_line.html")
def audit_line(run: Run) -> dict[str, Any]:
    """One line on top of a run's page: whether this specimen was checked, and what came of it."""
    audit = queries.claim(run)
    return {"run": run, "said": words.claim(audit) if audit else None}


@register.inclusion_tag("audits/_since.html")
def audit_since(report: Report) -> dict[str, Any]:
    """What audit windows said of a report's run after it was sealed."""
    audit = queries.claim(report.run)
    after = audit is not None and audit.rescan.announced > report.frozen
    return {"report": report, "said": words.claim(audit) if after else None}


@register.filter
def percent_of(share: dict[str, float]) -> str:
    """A share with its interval, for a table: “87 % (83–91)”."""
    low, high = round(100 * share["low"]), round(100 * share["high"])
    return f"{round(100 * share['value'])} % ({low}–{high})"
