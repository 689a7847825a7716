"""Runs that wait for a lesson: a prediction with the network that another run is teaching.

Such a run names its network as “lesson:<id of the run>” and holds that run as `after`. It has no
turn until the lesson was accepted, and ends with a sentence where the lesson taught nothing: the
lesson always ends, so nothing waits for ever.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from fiducial.accounts.models import Lab
from fiducial.errors import Refused
from fiducial.measurements.models import Measurement
from workers.recipes.catalogue import RECIPES, Recipe
from workers.recipes.teach import RECIPE as LESSON

from . import telling, tickets
from .models import Run

State = Run.State
MARK = "lesson:"
MAPS_SHOWN = 6

# What may have its turn: it waits for no other run, or its lesson made a better network.
READY = Q(after=None) | Q(after__state=State.SUCCEEDED, after__summary__card__accepted=True)


def key(lesson: Run) -> str:
    """How a run names the network that `lesson` teaches."""
    return f"{MARK}{lesson.pk}"


def lesson_in(network: str) -> UUID | None:
    """The run that teaches what is named; None for a kept model and for the network that ships."""
    return UUID(network.removeprefix(MARK)) if network.startswith(MARK) else None


def lesson_of(recipe: Recipe, parameters: Mapping[str, Any]) -> Run | None:
    """The run that cleaned `parameters` wait for."""
    for name in recipe.of_kind("network"):
        if lesson := lesson_in(parameters[name]):
            return Run.objects.get(pk=lesson)
    return None


def lessons(lab: Lab) -> QuerySet[Run]:
    """The lessons of a lab that are not over: what they teach can be waited for."""
    found = Run.objects.filter(
        lab=lab,
        recipe=LESSON.name,
        state__in=Run.ACTIVE,
        cancel_requested=False,
    )
    return found.select_related("measurement").order_by("created")


def refuse_in_vain(run: Run) -> None:
    """Refuse to queue `run` again where the lesson it waits for taught nothing."""
    if run.after and (why := _taught_nothing(run.after)):
        raise Refused(f"{why} Teach again, and queue a new prediction after that lesson.")


def reason(run: Run) -> str:
    """What a waiting run waits for; empty for one that is in line with the others."""
    lesson = run.after
    if lesson is None or lesson.is_final:
        return ""
    stands = f"running, {lesson.percent} %" if lesson.state == State.RUNNING else "waiting itself"
    return f"Waits for run {_short(lesson)}, which teaches its network ({stands})."


def maps_for(lesson: Run) -> QuerySet[Measurement]:
    """The newest maps of the lab that its network could be asked about, those of neither side of
    the lesson.
    """
    ready = Measurement.objects.filter(
        project__lab=lesson.measurement.project.lab_id,
        state=Measurement.State.READY,
        kind=Measurement.Kind.MAP,
    )
    judge = lesson.parameters.get("judge", "").partition("@")[0]
    others = ready.exclude(pk__in=filter(None, (lesson.measurement_id, judge)))
    return others.order_by("-created")[:MAPS_SHOWN]


def follow(run: Run) -> None:
    """Let what waited for `run`, which is over, have its turn or its end."""
    end_in_vain()
    for lane in run.followers.filter(state=State.QUEUED).values_list("lane", flat=True):
        tickets.issue(lane)


def end_in_vain() -> None:
    """End the runs whose lesson is over and taught nothing, each with the reason."""
    waiting = Run.objects.filter(state=State.QUEUED, after__state__in=Run.FINAL)
    for run in waiting.select_related("after"):
        if why := _taught_nothing(run.after):
            _fail(run, why)


@transaction.atomic
def _fail(run: Run, why: str) -> None:
    still = Run.objects.filter(pk=run.pk, state=State.QUEUED)
    if still.update(state=State.FAILED, error=why, finished=Now()):
        telling.tell(run.pk)


def _taught_nothing(lesson: Run) -> str:
    """Why there is no network; empty while there may be one."""
    name = f"The lesson it waited for (run {_short(lesson)})"
    if lesson.state == State.FAILED:
        return f"{name} failed, so there is no network to ask."
    if lesson.state == State.CANCELLED:
        return f"{name} was cancelled, so there is no network to ask."
    if lesson.state == State.SUCCEEDED and not lesson.summary["card"]["accepted"]:
        return (
            f"{name} ended, but what it taught was refused: on the other specimen it was no "
            "better than the network that ships. Ask that one instead."
        )
    return ""


def _short(run: Run) -> str:
    return str(run.pk)[:8]


def page(lesson: Run) -> dict[str, Any]:
    """What the page of a lesson under way says of the runs that wait for it, or could."""
    return {
        "followers": lesson.followers.select_related("measurement").order_by("created"),
        "maps": maps_for(lesson),
        "asks_networks": next(one for one in RECIPES.values() if one.of_kind("network")),
    }


def suggested(lesson: Run) -> dict[str, Any]:
    """What a form that is opened from the page of a lesson begins with."""
    return {"network": key(lesson), "factor": lesson.parameters["scale"], "sampling": "binned"}
