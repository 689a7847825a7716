"""Other measurements a recipe asks for: which there are, and where their stores lie.

A run keeps one as "id@revision"; only the worker that carries the run out turns it into a folder.
"""

from typing import Any
from uuid import UUID

from fiducial.measurements import folders
from fiducial.measurements.models import Measurement
from workers.recipes.catalogue import RECIPES, Recipe

from .models import Run


def known(recipe: Recipe, measurement: Measurement) -> dict[str, Any]:
    """What `recipe` is told of `measurement`; with the lab's other maps if it asks for one."""
    summary: dict[str, Any] = measurement.summary
    if not recipe.asks_for_another:
        return summary
    return summary | {"content_hash": measurement.content_hash, "others": _others(measurement)}


def located(run: Run) -> dict[str, Any]:
    """The run's parameters for its numerics: the folder of each other measurement."""
    return run.parameters | {
        name: str(folders.revision(*_parts(run.parameters[name])))
        for name in _names(run)
        if name in run.parameters
    }


def name(key: str) -> str:
    """What the measurement behind a key is called."""
    pk, revision = _parts(key)
    found = Measurement.objects.filter(pk=pk).values_list("name", flat=True).first()
    return f"{found or 'a measurement that was deleted'}, revision {revision}"


def _others(measurement: Measurement) -> dict[str, dict[str, Any]]:
    ready = Measurement.objects.filter(
        project__lab=measurement.project.lab_id,
        state=Measurement.State.READY,
        kind=Measurement.Kind.MAP,
    )
    rows = ready.exclude(pk=measurement.pk).order_by("name", "created")
    return {
        f"{one.pk}@{one.revision}": one.summary
        | {"name": one.name, "content_hash": one.content_hash}
        for one in rows
        if one.summary.get("content", "maps") == measurement.summary.get("content", "maps")
    }


def _names(run: Run) -> list[str]:
    recipe = RECIPES.get(run.recipe)
    return [one.name for one in recipe.parameters if one.kind == "measurement"] if recipe else []


def _parts(key: str) -> tuple[UUID, int]:
    pk, _, revision = key.partition("@")
    return UUID(pk), int(revision)
