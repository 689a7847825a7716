"""Two answers to one question side by side: runs of one map by different estimators."""

from dataclasses import dataclass
from typing import Any

from workers.recipes.catalogue import RECIPES, Recipe

from .models import Run
from .queries import recipe_title

# What decides whether two runs answered the same question.
QUESTION = ("factor", "sampling", "strict")


@dataclass(frozen=True)
class Row:
    """One element: 90 % interval widths and χ² of the samples, ours beside the other's."""

    element: str
    width: float
    other_width: float
    chi2: float
    other_chi2: float


@dataclass(frozen=True)
class Comparison:
    """The newest run of another recipe on the same map, and what both say."""

    other: Run
    title: str
    other_title: str
    rows: list[Row]
    features: dict[str, Any]
    other_features: dict[str, Any]
    held_out: dict[str, Any]  # figures of each model on specimens it never saw
    other_held_out: dict[str, Any]


def with_another_estimator(run: Run) -> Comparison | None:
    """The newest finished run of another recipe that was asked the same; None without one."""
    finished = Run.objects.filter(
        measurement_id=run.measurement_id,
        measurement_revision=run.measurement_revision,
        state=Run.State.SUCCEEDED,
    ).exclude(recipe=run.recipe)
    for other in finished.order_by("-finished"):
        if all(other.parameters.get(name) == run.parameters.get(name) for name in QUESTION):
            return _compare(run, other)
    return None


def other_recipes(run: Run) -> list[Recipe]:
    """Other recipes of the same instrument: the same question can be put to them."""
    asked = set(QUESTION) & set(run.parameters)
    others = [recipe for recipe in RECIPES.values() if recipe.name != run.recipe]
    return [one for one in others if asked and asked <= {p.name for p in one.parameters}]


def _compare(run: Run, other: Run) -> Comparison | None:
    ours, theirs = run.summary.get("per_channel", {}), other.summary.get("per_channel", {})
    rows = [
        Row(
            element,
            ours[element]["interval_width"],
            theirs[element]["interval_width"],
            ours[element]["chi2_samples"],
            theirs[element]["chi2_samples"],
        )
        for element in ours
        if element in theirs
    ]
    if not rows:
        return None
    return Comparison(
        other,
        recipe_title(run),
        recipe_title(other),
        rows,
        run.summary["features"],
        other.summary["features"],
        run.summary["calibration"].get("held_out", {}),
        other.summary["calibration"].get("held_out", {}),
    )
