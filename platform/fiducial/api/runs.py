"""Recipes and runs."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.measurements.queries import visible_measurements
from fiducial.runs import queries, recent, services
from fiducial.runs.models import Run
from fiducial.viewer import page, stores
from fiducial.viewer.views import finished
from workers.recipes.catalogue import RECIPES, Recipe

from .auth import SIGNED_IN
from .paging import Pages
from .repeating import repeatable
from .schemas import FeaturesOut, RecipeOut, RunIn, RunOut

router = Router(tags=["runs"])


@router.get("/recipes", response=list[RecipeOut], auth=SIGNED_IN)
@paginate(Pages)
def list_recipes(request: HttpRequest) -> list[Recipe]:
    """What can be run, and what each recipe asks for."""
    return [recipe for recipe in RECIPES.values() if recipe.makes != "preview"]


@router.get("/runs", response=list[RunOut], auth=SIGNED_IN)
@paginate(Pages)
def list_runs(
    request: HttpRequest, state: Run.State | None = None, measurement: UUID | None = None
) -> list[dict[str, Any]]:
    """The runs of your labs, newest first."""
    found = queries.visible_runs(request.user).order_by("-created")
    if state is not None:
        found = found.filter(state=state)
    if measurement is not None:
        found = found.filter(measurement=measurement)
    return Answers(found)


@router.get("/runs/{uuid:pk}", response=RunOut, auth=SIGNED_IN)
def get_run(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """One run: ask again until `state` is succeeded, failed or cancelled."""
    return _answer(_visible(request, pk))


@router.get("/runs/{uuid:pk}/features", response=FeaturesOut, auth=SIGNED_IN)
def get_features(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """The features of a finished map, riskiest first, and those it may have missed."""
    store = stores.of_run(finished(request, str(pk)))
    if not store.has_table("features"):
        raise Http404("This run is one of units, not of a map.")
    return {"features": page.features(store), "missed": page.missed(store)}


@router.post("/runs", response={201: RunOut}, auth=SIGNED_IN)
@repeatable
def submit_run(request: HttpRequest, body: RunIn) -> Status:
    """Queue a run."""
    measurement = get_object_or_404(visible_measurements(request.user), pk=body.measurement)
    run = services.submit(
        measurement=measurement,
        recipe=body.recipe,
        parameters=body.parameters,
        seed=body.seed,
        lane=body.lane,
        by=request.user,
    )
    return Status(201, _answer(run))


@router.post("/runs/{uuid:pk}/cancel", response=RunOut, auth=SIGNED_IN)
def cancel_run(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """End a run; one that is running stops within seconds."""
    return _answer(services.cancel(run=_visible(request, pk), by=request.user))


@router.post("/runs/{uuid:pk}/retry", response={201: RunOut}, auth=SIGNED_IN)
@repeatable
def retry_run(request: HttpRequest, pk: UUID) -> Status:
    """Queue the inputs of a failed or cancelled run again."""
    return Status(201, _answer(services.retry(run=_visible(request, pk), by=request.user)))


class Answers:
    """Runs as answers, made only for the page that is asked for, with the queue looked at once."""

    def __init__(self, runs: Any) -> None:
        self._runs = runs

    def __len__(self) -> int:
        return self._runs.count()

    def __getitem__(self, page: slice) -> list[dict[str, Any]]:
        shown = list(self._runs[page])
        queue = recent.queue_of(*shown)
        return [_words(run, queue) for run in shown]


def _visible(request: HttpRequest, pk: UUID) -> Run:
    return get_object_or_404(queries.visible_runs(request.user), pk=pk)


def _answer(run: Run) -> dict[str, Any]:
    return _words(run, recent.queue_of(run))


def _words(run: Run, queue: queries.Queue) -> dict[str, Any]:
    line = queries.line(run, queue)
    plain = (
        "id measurement_revision recipe parameters seed lane state stage fraction seconds_left "
        "attempt cancel_requested created started finished error summary"
    )
    return {name: getattr(run, name) for name in plain.split()} | {
        "measurement": run.measurement_id,
        "retry_of": run.retry_of_id,
        "after": run.after_id,
        "detail": line.detail,
        "place": line.place,
        "page": run.get_absolute_url(),
    }
