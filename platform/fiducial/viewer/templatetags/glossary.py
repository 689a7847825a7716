"""A word whose definition is one click away: `{% define "risk" %}`, `{% define "risk" "risks" %}`.

Works without scripts (the browser's own popover), by keyboard and for screen readers. A report,
which must work alone and on paper, uses `{% defined_below "risk" %}` and `{% definitions … %}`.
"""

import secrets
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from fiducial.viewer.glossary import WORDS, Definition

register = template.Library()


_PLACE = "the-name-of-this-one"


@register.simple_tag
def define(key: str, label: str = "") -> SafeString:
    """The word, as a button that opens what it means; `label` where the sentence wants another."""
    # A name of its own for each, so that fragments fetched later never clash with the page.
    return mark_safe(_defined(key, label).replace(_PLACE, secrets.token_hex(4)))


@lru_cache(maxsize=1024)
def _defined(key: str, label: str) -> str:
    """Drawn once: a page has a hundred of them, and they were most of what it cost."""
    context = {"key": key, "word": WORDS[key], "label": label, "id": _PLACE}
    return render_to_string("viewer/_define.html", context).strip()


@register.inclusion_tag("viewer/_defined_below.html")
def defined_below(key: str, label: str = "") -> dict[str, object]:
    """The word, as a link to its entry among the `definitions` of the same document."""
    return {"key": key, "word": WORDS[key], "label": label}


@register.inclusion_tag("viewer/_definitions.html")
def definitions(*keys: str) -> dict[str, dict[str, Definition]]:
    """The list that `defined_below` links to."""
    return {"words": {key: WORDS[key] for key in keys}}
