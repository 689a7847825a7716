"""`{% reveal run %}`: the sealed slow scan on the page of a demo run, nothing on any other."""

from typing import Any

from django import template
from django.urls import reverse

from fiducial.demo import services
from fiducial.runs.models import Run

register = template.Library()


@register.inclusion_tag("demo/reveal.html", takes_context=True)
def reveal(context: dict[str, Any], run: Run) -> dict[str, Any]:
    """What `demo/reveal.html` needs; only `sealed: None` where there is nothing to reveal."""
    sealed = services.slow_scan(run)
    if sealed is None:
        return {"sealed": None}
    shown = run.reveals.filter(user=context["request"].user).first()
    found = {
        "sealed": sealed,
        "run": run,
        "shown": shown,
        "csrf_token": context["csrf_token"],
        "five": range(services.FIVE),
        "config": {"marks": services.FIVE},
    }
    if shown is not None:
        found["config"] = _slow_picture(run, services.slow_store(sealed)) | {"score": shown.score}
    return found


def _slow_picture(run: Run, store: Any) -> dict[str, Any]:
    """Where the viewer fetches the slow scan's tiles."""
    address = reverse("demo:slow-tile", args=[run.pk, 0, 0, 0, 0])
    return {
        "tile": address.replace("0/0/0/0/", "{channel}/{level}/{row}/{column}/"),
        "shape": store.image("measured").shape[-2:],
        "levels": store.levels("measured"),
        "channels": store.channels,
    }


@register.simple_tag(takes_context=True)
def sealed_decibels(context: dict[str, Any], run: Run) -> float | None:
    """`services.decibels` for whoever looks at the page."""
    return services.decibels(run, context["request"].user)
