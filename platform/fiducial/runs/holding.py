"""What it means to hold a run or a tile: a lease by the clock of the database."""

from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now


class Held(NamedTuple):
    """What renewing a lease found: whether it is still ours, and whether somebody cancelled."""

    valid: bool
    cancel_requested: bool


def lease_end() -> CombinedExpression:
    """When a lease that is renewed now runs out."""
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)
