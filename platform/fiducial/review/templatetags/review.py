"""Reviews on the page of a report: what was decided, who was asked, who has a link."""

from typing import Any

from django import template

from fiducial.reports.models import Report
from fiducial.review import page
from fiducial.review.visitors import Visitor

register = template.Library()


@register.inclusion_tag("review/_standing.html", takes_context=True)
def review_standing(context: dict[str, Any], report: Report) -> dict[str, Any]:
    """What was decided on a report, and the way to its review."""
    visitor = Visitor(report, user=context["request"].user)
    places = {name: visitor.address(name) for name in ("review", "decisions", "crate")}
    if visitor.blinded:
        places = {"review": places["review"]}
    return page.standing(visitor) | places | {"barred": visitor.barred}


@register.inclusion_tag("review/_asked.html", takes_context=True)
def review_requests(context: dict[str, Any], report: Report) -> dict[str, Any]:
    """Who was asked to review it, and by when."""
    return page.requests(report, context["request"].user)


@register.inclusion_tag("review/_links.html", takes_context=True)
def review_links(context: dict[str, Any], report: Report) -> dict[str, Any]:
    """Links for readers without an account."""
    return page.links(report, context["request"].user)
