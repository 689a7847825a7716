"""Probabilities and shares as people write them."""

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """Whole percent; what is not quite 0 or 1 never looks like it."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "below 1 %"
    return "above 99 %" if rounded == 100 and share < 1 else f"{rounded} %"
