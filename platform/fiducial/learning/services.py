"""Keeping a taught network as a model of its lab, and saying whether it shall be used."""

from typing import Any, Protocol

from django.db import IntegrityError, transaction

from fiducial import places
from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.runs import beside
from fiducial.runs.allotments import refuse_over_quota
from fiducial.runs.models import Run
from fiducial.trail.services import record
from fiducial.viewer import stores
from workers.recipes.teach import CARD, CURVE, RECIPE
from workers.store import RunStore, StoreError, Unreachable
from workers.store.files import NewFolder
from workers.store.places import remove

from .models import TaughtModel

State = TaughtModel.State


class Move(Protocol):
    """One of the two ways to change what a model is to its lab."""

    def __call__(self, *, model: TaughtModel, by: User) -> None: ...


MAX_NAME = TaughtModel._meta.get_field("name").max_length


def keep(*, run: Run, by: User, name: str) -> TaughtModel:
    """Make the network that `run` taught a candidate of its lab; its files are copied.

    Refused for a run that taught none, a network that was not better, a name that is missing or
    taken, a run that is kept already, a full store, and files that are gone.
    """
    lab = run.lab
    permissions.require(by, permissions.WORK, lab)
    if run.recipe != RECIPE.name or run.state != Run.State.SUCCEEDED:
        raise Refused("Only a finished lesson has taught a network that can be kept.")
    card: dict[str, Any] = run.summary["card"]
    if not card["accepted"]:
        raise Refused(
            "On the other specimen this network was no better than the one that ships, so it "
            "does not become a model. Its page has the figures."
        )
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise Refused(f"Give the model a name of at most {MAX_NAME} characters.")
    try:
        store = stores.of_run(run)
    except StoreError as gone:
        raise Refused(f"The network cannot be kept: {gone} Teach it again.") from gone
    size = sum(len(store.file(each).read_bytes()) for each in _files(card))
    refuse_over_quota(lab, size)
    model = TaughtModel(
        lab=lab,
        run=run,
        name=name,
        scale=card["factor"],
        size=size,
        card=card,
        sources=_sources(run, store),
        kept_by=by,
    )
    _copy(store, model)
    try:
        with transaction.atomic():
            model.save(force_insert=True)
            record("model.kept", by=by, lab=lab, subject=model)
    except IntegrityError as clash:
        remove(model.folder)
        if TaughtModel.objects.filter(run=run).exists():
            raise Refused("This network is a model of the lab already.") from clash
        raise Refused(f"{lab} has a model “{name}” already; choose another name.") from clash
    return model


def promote(*, model: TaughtModel, by: User) -> None:
    """Stand for a model before the lab. Refused for all but owners."""
    _move(model, by, State.PROMOTED, "model.promoted")


def retire(*, model: TaughtModel, by: User) -> None:
    """Take a model out of use; it stays to be read. Refused for all but owners."""
    _move(model, by, State.RETIRED, "model.retired")


@transaction.atomic
def _move(model: TaughtModel, by: User, state: str, action: str) -> None:
    permissions.require(by, permissions.MANAGE, model.lab)
    others = TaughtModel.objects.filter(pk=model.pk).exclude(state=state)
    if not others.update(state=state):
        raise Refused(f"“{model}” is {state} already.")
    model.state = state
    record(action, by=by, lab=model.lab, subject=model)


def _sources(run: Run, store: RunStore) -> dict[str, dict[str, str]]:
    """Both maps, by the name a person knows and by the hash of what they held."""
    names = {
        "taught_on": f"{run.measurement.name}, revision {run.measurement_revision}",
        "judged_on": beside.name(run.parameters["judge"]),
    }
    hashes = {"taught_on": "measurement", "judged_on": "judge"}
    return {
        role: {"name": names[role], "content_hash": store.provenance[key]["content_hash"]}
        for role, key in hashes.items()
    }


def _files(card: dict[str, Any]) -> tuple[str, ...]:
    """What is kept of a lesson."""
    return (*card["weights"], CARD, CURVE)


def _copy(store: RunStore, model: TaughtModel) -> None:
    """Its own copy of every file, for the results of a run may be let go."""
    try:
        folder = NewFolder(places.here(model.path))
        with folder.writing():
            for name in _files(model.card):
                (folder.partial / name).write_bytes(store.file(name).read_bytes())
        folder.publish()
        places.keep(model.path)
    except (StoreError, Unreachable) as failure:
        raise Refused(f"The network cannot be kept: {failure}") from failure
