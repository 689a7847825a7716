"""What a recipe asks for beside its map: other measurements and taught networks of the lab.

A run keeps a measurement as "id@revision", a network by its id and one that is being taught by its
lesson; only the worker that carries the run out turns them into files.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from fiducial import places
from fiducial.learning.models import TaughtModel
from fiducial.learning.queries import promoted_in
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement
from workers.recipes.catalogue import RECIPES, Recipe
from workers.run import RunError
from workers.store import Place

from . import following
from .models import Run


def known(recipe: Recipe, measurement: Measurement) -> dict[str, Any]:
    """What `recipe` is told of `measurement`, with what there is in its lab if it asks for it."""
    summary: dict[str, Any] = measurement.summary
    if recipe.of_kind("measurement"):
        others = _others(measurement)
        summary = summary | {"content_hash": measurement.content_hash, "others": others}
    if recipe.of_kind("network"):
        lab = measurement.project.lab
        networks = {
            str(one.pk): {"name": one.name, "scale": one.scale} for one in promoted_in(lab)
        } | {following.key(one): _awaited(one) for one in following.lessons(lab)}
        summary = summary | {"networks": networks}
    return summary


def located(run: Run, local: Callable[[Place], Path]) -> dict[str, Any]:
    """The run's parameters for its numerics: a folder for a measurement, the file of a network.

    `local` makes a place of the store one of this machine. Raises RunError where a network is not
    there.
    """
    recipe, found = RECIPES.get(run.recipe), dict(run.parameters)
    for name in recipe.of_kind("measurement") if recipe else ():
        found[name] = str(local(folders.revision(*_parts(found[name]))))
    for name in recipe.of_kind("network") if recipe else ():
        if found.get(name):
            found[name] = _file(found[name], local)
    return found


def name(key: str) -> str:
    """What the measurement behind a key is called."""
    pk, revision = _parts(key)
    found = Measurement.objects.filter(pk=pk).values_list("name", flat=True).first()
    return f"{found or 'a measurement that was deleted'}, revision {revision}"


def network(key: str) -> str:
    """What the network behind a key is called."""
    if lesson := following.lesson_in(key):
        return f"what run {str(lesson)[:8]} teaches"
    return TaughtModel.objects.get(pk=key).name if key else "the network that ships"


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


def _awaited(lesson: Run) -> dict[str, Any]:
    name = f"what the lesson on “{lesson.measurement}” teaches; waits for it"
    return {"name": name, "scale": lesson.parameters["scale"]}


def _file(key: str, local: Callable[[Place], Path]) -> dict[str, str]:
    if lesson := following.lesson_in(key):
        return _taught(Run.objects.select_related("measurement").filter(pk=lesson).first(), local)
    model = TaughtModel.objects.get(pk=key)
    file, digest = model.weights
    return {"name": model.name, "file": str(local(model.folder / file)), "sha256": digest}


def _taught(lesson: Run | None, local: Callable[[Place], Path]) -> dict[str, str]:
    """What a lesson taught, from among its own results."""
    if lesson is None or not lesson.store_path:
        raise RunError("What the lesson taught is no longer in the store; teach it again.")
    ((file, digest),) = lesson.summary["card"]["weights"].items()
    path = local(places.of(lesson.store_path) / file)
    return {"name": f"lesson on {lesson.measurement}", "file": str(path), "sha256": digest}


def _parts(key: str) -> tuple[UUID, int]:
    pk, _, revision = key.partition("@")
    return UUID(pk), int(revision)
