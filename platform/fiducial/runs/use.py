"""What labs used of the computing: all of it, or as the fair share remembers it.

The fair share forgets: a second counts half after `SHARE_HALF_LIFE_SECONDS`. A second is one of one
worker; what a lost worker did is not charged, for `started` tells of the last attempt alone. Of a
run that workers shared, the row says what its finish took, and each tile what it took itself.
"""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, FloatField, Func, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Exp, Now

from .models import Run, Tile

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
        # Not EXTRACT: that counts in decimals, which takes several times as long.
        template = "DATE_PART('epoch', STATEMENT_TIMESTAMP() - %(expressions)s)"
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
    return _by_lab(fresh, finished__gt=Now() - since)


class UnderWay(NamedTuple):
    """A run, or a tile of one, that a worker has now."""

    lab: int
    user: int
    worker: str  # empty for a run that is shared in tiles
    started: datetime | None
    estimated: float  # seconds
    memory: int  # bytes
    in_tiles: bool


class Moment(NamedTuple):
    """What workers have at one moment."""

    runs: list[UnderWay]
    tiles: list[UnderWay]


def under_way() -> Moment:
    """Runs under way, and tiles that a worker has."""
    runs = Run.objects.filter(state=Run.State.RUNNING)
    tiles = Tile.objects.filter(state=Tile.State.RUNNING)
    of_run = ("lab", "submitted_by", "worker", "started", "estimated", "memory", "in_tiles")
    of_tile = (
        *("run__lab", "run__submitted_by", "worker", "started", "estimated", "run__memory"),
        Value(False),
    )
    return Moment(
        [UnderWay(*row) for row in runs.values_list(*of_run)],
        [UnderWay(*row) for row in tiles.values_list(*of_tile)],
    )


def last_month(labs: list[int]) -> dict[int, float]:
    """Seconds of runs of `labs` that ended within thirty days, by lab."""
    took = Since("started") - Since("finished")
    used = _by_lab(took, finished__gt=Now() - MONTH)
    return {lab: used[lab] for lab in labs if lab in used}


def _by_lab(seconds: Combinable, **ended: object) -> dict[int, float]:
    """The sum of `seconds` over runs and tiles that ended as said, by lab."""
    found: dict[int, float] = {}
    for rows, lab in ((Run.objects.all(), F("lab")), (Tile.objects.all(), F("run__lab"))):
        over = rows.filter(started__isnull=False, **ended).order_by()
        for row in over.values(of=lab).annotate(used=Sum(seconds)):
            found[row["of"]] = found.get(row["of"], 0.0) + row["used"]
    return found
