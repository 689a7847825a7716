"""How long runs take: by their recipe, and by what past runs of their recipe and size took."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workers.recipes.parameters import Recipe, Values

from .models import Run

HISTORY = 300  # past runs looked at, of all recipes
ENOUGH = 3  # past runs that say something
ALIKE = 3.0  # factor within which two runs are of one size
UNKNOWN_SPREAD = (0.6, 2.5)  # how far a first estimate may be off, before there is any history


class Past(NamedTuple):
    """A finished run: what was estimated, and by which factor it took longer."""

    estimated: float
    factor: float


@dataclass(frozen=True)
class History:
    """Past runs by recipe, read once for any number of estimates."""

    past: dict[str, list[Past]]

    def spread(self, recipe: str, seconds: float) -> tuple[float, float]:
        """By which factors runs of `recipe` estimated at about `seconds` were faster and slower:
        the quantiles at 0.1 and 0.9. Runs of other sizes speak where too few of this size ran.
        """
        ran = self.past.get(recipe, [])
        alike = [one for one in ran if 1 / ALIKE <= one.estimated / max(seconds, 1.0) <= ALIKE]
        chosen = alike if len(alike) >= ENOUGH else ran
        if len(chosen) < ENOUGH:
            return UNKNOWN_SPREAD
        factors = sorted(one.factor for one in chosen)
        return _quantile(factors, 0.1), _quantile(factors, 0.9)


def by_recipe(recipe: Recipe, parameters: Values, summary: Values) -> tuple[float, int]:
    """Seconds and bytes a run will take; zeros for parameters of an older version of the recipe."""
    try:
        return recipe.cost(parameters, summary), int(recipe.memory(parameters, summary))
    except KeyError:
        return 0.0, 0


def read_history() -> History:
    """The latest runs that succeeded."""
    past: dict[str, list[Past]] = defaultdict(list)
    ran = Run.objects.filter(
        state=Run.State.SUCCEEDED,
        started__isnull=False,
        finished__isnull=False,
        estimated__gt=0,
        tiles=None,  # the row of one that was shared tells of its finish alone
    )
    columns = ("recipe", "estimated", "started", "finished")
    for recipe, estimated, started, finished in ran.order_by("-finished").values_list(*columns)[
        :HISTORY
    ]:
        seconds = max(estimated, 1.0)
        past[recipe].append(Past(seconds, (finished - started).total_seconds() / seconds))
    return History(dict(past))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[round(share * (len(ordered) - 1))]
