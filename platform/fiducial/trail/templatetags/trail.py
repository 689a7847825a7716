"""Words of the trail."""

from django import template

from ..actions import ACTIONS

register = template.Library()


@register.filter
def action_words(action: str) -> str:
    """What an action is called, as in “cancelled”."""
    return ACTIONS.get(action, action)
