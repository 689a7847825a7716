"""A word whose definition is one click away: `{% define "risk" %}`, `{% define "risk" "risks" %}`.

Works without scripts (the browser's own popover), by keyboard and for screen readers. A report,
which must work alone and on paper, uses `{% defined_below "risk" %}` and `{% definitions … %}`.
"""

import secrets

from django import template

from fiducial.viewer.glossary import WORDS, Definition

register = template.Library()


@register.inclusion_tag("viewer/_define.html")
def define(key: str, label: str = "") -> dict[str, object]:
    """The word, as a button that opens what it means; `label` where the sentence wants another."""
    # A name of its own for each, so that fragments fetched later never clash with the page.
    return {"key": key, "word": WORDS[key], "label": label, "id": secrets.token_hex(4)}


@register.inclusion_tag("viewer/_defined_below.html")
def defined_below(key: str, label: str = "") -> dict[str, object]:
    """The word, as a link to its entry among the `definitions` of the same document."""
    return {"key": key, "word": WORDS[key], "label": label}


@register.inclusion_tag("viewer/_definitions.html")
def definitions(*keys: str) -> dict[str, dict[str, Definition]]:
    """The list that `defined_below` links to."""
    return {"words": {key: WORDS[key] for key in keys}}
