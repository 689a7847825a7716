"""Which content a run's report has: that of the kind of measurement its recipe accepts."""

from collections.abc import Callable
from dataclasses import dataclass

from fiducial.runs.models import Run
from workers.recipes.catalogue import RECIPES
from workers.store import RunStore

from . import crystals, events, maps, scans, units
from .content import Content


@dataclass(frozen=True)
class Kind:
    """`how` : what was made of the measurement, for the title; `content` : of the report."""

    how: Callable[[Run], str]
    content: Callable[[Run, RunStore], Content]


KINDS = {
    "maps": Kind(maps.how, maps.content),
    "movie": Kind(units.how, units.content),
    "scan": Kind(scans.how, scans.content),
    "events": Kind(events.how, events.content),
    "volume": Kind(crystals.how, crystals.content),
}


def of(run: Run) -> Kind:
    """The kind of a run."""
    # Of a recipe that is no longer declared, what was measured tells.
    recipe = RECIPES.get(run.recipe)
    return KINDS[recipe.accepts if recipe else run.measurement.content]
