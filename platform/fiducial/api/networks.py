"""Networks that labs taught: what a lesson found, kept as a model."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.learning import services
from fiducial.learning.models import TaughtModel
from fiducial.learning.queries import visible_models
from fiducial.runs.queries import visible_runs

from .auth import SIGNED_IN
from .paging import Pages
from .repeating import repeatable
from .schemas import ModelIn, ModelOut

router = Router(tags=["models"])


@router.get("/models", response=list[ModelOut], auth=SIGNED_IN)
@paginate(Pages)
def list_models(request: HttpRequest) -> QuerySet[TaughtModel]:
    """The models of your labs, newest first."""
    return visible_models(request.user).order_by("-kept")


@router.get("/models/{uuid:pk}", response=ModelOut, auth=SIGNED_IN)
def get_model(request: HttpRequest, pk: UUID) -> TaughtModel:
    """One model; its `card` has the figures on the judge, before and after it was taught."""
    return _visible(request, pk)


@router.post("/runs/{uuid:pk}/model", response={201: ModelOut}, auth=SIGNED_IN)
@repeatable
def keep_model(request: HttpRequest, pk: UUID, body: ModelIn) -> Status:
    """Keep what an accepted lesson taught as a candidate of its lab."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    return Status(201, services.keep(run=run, by=request.user, name=body.name))


@router.post("/models/{uuid:pk}/promote", response=ModelOut, auth=SIGNED_IN)
def promote_model(request: HttpRequest, pk: UUID) -> TaughtModel:
    """Let runs of the lab ask it; for owners."""
    return _moved(request, pk, services.promote)


@router.post("/models/{uuid:pk}/retire", response=ModelOut, auth=SIGNED_IN)
def retire_model(request: HttpRequest, pk: UUID) -> TaughtModel:
    """Take it out of use; for owners."""
    return _moved(request, pk, services.retire)


def _moved(request: HttpRequest, pk: UUID, move: services.Move) -> TaughtModel:
    found = _visible(request, pk)
    move(model=found, by=request.user)
    return found


def _visible(request: HttpRequest, pk: UUID) -> TaughtModel:
    return get_object_or_404(visible_models(request.user), pk=pk)
