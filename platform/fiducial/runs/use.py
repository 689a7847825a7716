"""What labs used of the computing: all of it, or as the fair share remembers it.

The fair share forgets: a second counts half after `SHARE_HALF_LIFE_SECONDS`. A second is one of one
worker; what a lost worker did is not charged, for `started` tells of the last attempt alone.
"""

import math
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import FloatField, Func, Sum, Value
from django.db.models.functions import Exp, Now

from .models import Run

REMEMBERED = 6  # half-lives; what is older weighs less than 2 % of a fresh second
MONTH = timedelta(days=30)


class Since(Func):
    """Seconds since a moment, by the clock of the database."""

    output_field = FloatField()
    arity = 1

    def as_sqlite(self, compiler, connection, **context):  # type: ignore[no-untyped-def]
        template = "((julianday('now') - julianday(%(expressions)s)) * 86400.0)"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler, connection, **context):  # type: ignore[no-untyped-def]
        template = "EXTRACT(EPOCH FROM (STATEMENT_TIMESTAMP() - %(expressions)s))::double precision"
        return self.as_sql(compiler, connection, template=template, **context)


def rate() -> float:
    """By which factor a second a second ago counts less, as an exponent (1/s)."""
    return math.log(2) / settings.SHARE_HALF_LIFE_SECONDS


def decayed(started: datetime, ended: datetime, now: datetime) -> float:
    """Seconds of one run as the fair share remembers them at `now`."""
    young, old = (now - ended).total_seconds(), (now - started).total_seconds()
    return (math.exp(-rate() * young) - math.exp(-rate() * old)) / rate()


def decayed_by_lab() -> dict[int, float]:
    """Seconds of finished runs as the fair share remembers them now, by lab."""
    since = timedelta(seconds=REMEMBERED * settings.SHARE_HALF_LIFE_SECONDS)
    fresh = (
        Exp(Value(-rate()) * Since("finished")) - Exp(Value(-rate()) * Since("started"))
    ) / rate()
    found = Run.objects.filter(finished__gt=Now() - since, started__isnull=False)
    return dict(found.values("lab").annotate(used=Sum(fresh)).values_list("lab", "used"))


def last_month(labs: list[int]) -> dict[int, float]:
    """Seconds of runs of `labs` that ended within thirty days, by lab."""
    found = Run.objects.filter(finished__gt=Now() - MONTH, started__isnull=False, lab__in=labs)
    took = Sum(Since("started") - Since("finished"))
    return dict(found.values("lab").annotate(used=took).values_list("lab", "used"))
