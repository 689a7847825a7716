"""The one door between portal and science: run a recipe, report progress, stop when told."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workers.recipes.catalogue import RECIPES

Report = Callable[
    [str, float], None
]  # the stage in words, and how much of the whole is done: 0 to 1
ShouldStop = Callable[[], bool]


class Stopped(Exception):
    """The recipe stopped because `should_stop` said so."""


class RunError(Exception):
    """The recipe cannot answer; the message is a sentence for the person who asked."""


def run(
    recipe: str,
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
    kept: Path | None = None,
) -> dict[str, Any]:
    """Run `recipe` on the measurement store at `measurement` and write the run store `output`.

    `parameters` are cleaned ones (`Recipe.clean`). `output` must not exist; it is complete when
    this returns. `kept`: the folder where tiles of this run were left (`tile`). Returns the
    recipe's summary in plain JSON types (numbers that are not finite become None). Raises Stopped,
    or RunError with a sentence.
    """
    _refuse(recipe, measurement)
    if output.exists():
        raise FileExistsError(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    more = {"kept": kept} if kept else {}
    summary = RECIPES[recipe].run(
        measurement, output, parameters, seed=seed, report=report, should_stop=should_stop, **more
    )
    plain: dict[str, Any] = _plain(summary)
    return plain


def tile(
    recipe: str,
    n: int,
    measurement: Path,
    kept: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
) -> None:
    """Work tile `n` of a recipe that can be split, and leave it in the folder `kept` for `run`.

    Whoever works a tile makes the same bits: it does no harm if two do. Raises as `run` does.
    """
    _refuse(recipe, measurement)
    RECIPES[recipe].tile(
        n, measurement, kept, parameters, seed=seed, report=report, should_stop=should_stop
    )


def _refuse(recipe: str, measurement: Path) -> None:
    """RunError for a recipe this worker has not, and for a map that is gone."""
    if recipe not in RECIPES:
        raise RunError(
            f"This worker does not know the recipe “{recipe}”; it has {', '.join(RECIPES)}. "
            "Update the worker, or run another recipe."
        )
    if not measurement.exists():
        raise RunError("The measured map is no longer in the store; upload it again.")


def _plain(value: Any) -> Any:
    """Turn tuples, NumPy scalars and non-finite numbers into what JSON and PostgreSQL accept."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
