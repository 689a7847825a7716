"""`{% tokens %}`: the API tokens of the person who looks, and the form that makes one."""

from typing import Any

from django import template

from fiducial.api import queries
from fiducial.api.forms import TokenForm

register = template.Library()


@register.inclusion_tag("api/_tokens.html", takes_context=True)
def tokens(context: dict[str, Any]) -> dict[str, Any]:
    """What `api/_tokens.html` needs."""
    return {
        "tokens": queries.tokens_of(context["request"].user),
        "form": TokenForm(),
        "csrf_token": context["csrf_token"],
    }
