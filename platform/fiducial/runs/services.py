"""Asking for runs and changing one's mind: each call checks, writes in one transaction, refuses."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements.models import Measurement
from fiducial.trail.services import record
from workers.recipes.catalogue import RECIPES, ParameterErrors, Recipe

from . import admission, beside, following, tickets, tiling, words
from .estimates import by_recipe
from .models import Run

MAX_SEED = 2**31 - 1


class BadParameters(Refused):
    """Values the recipe cannot take: `errors` maps a parameter's name to a sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


@transaction.atomic
def submit(
    *,
    measurement: Measurement,
    recipe: str,
    parameters: Mapping[str, Any],
    seed: int,
    by: User,
    lane: str = "",
) -> Run:
    """Queue `recipe` on the closed revision `measurement` has now, in a lane or (“”) by its length.

    Where `parameters` name the network that a lesson is teaching, the run waits for that lesson.

    Raises BadParameters, or Refused when the measurement is not ready, the recipe unknown, the
    seed out of range, or the run would pass the time limit, its lane's, a cap or a quota.
    """
    permissions.require(by, permissions.WORK, measurement.project.lab)
    refuse_unready(measurement)
    declared = declared_recipe(recipe)
    if not 0 <= seed <= MAX_SEED:
        raise Refused(f"The seed must be a whole number from 0 to {MAX_SEED}.")
    cleaned = _clean(declared, parameters, measurement)
    run = _queue(
        measurement=measurement,
        measurement_revision=measurement.revision,
        recipe=declared.name,
        parameters=cleaned,
        seed=seed,
        lane=lane,
        submitted_by=by,
        after=following.lesson_of(declared, cleaned),
    )
    record("run.queued", by=by, lab=measurement.project.lab, subject=run)
    return run


def submit_preview(*, measurement: Measurement, recipe: str, by: User) -> Run:
    """Queue a preview of a scan that is open for frames (revision 0); within a transaction.

    Whoever calls looked at rights. Refused where it would pass a cap or a quota.
    """
    declared = declared_recipe(recipe)
    run = _queue(
        measurement=measurement,
        measurement_revision=0,
        recipe=declared.name,
        parameters=_clean(declared, {}, measurement),
        seed=0,
        lane="",
        submitted_by=by,
    )
    record("run.queued", by=by, lab=measurement.project.lab, subject=run)
    return run


@transaction.atomic
def retry(*, run: Run, by: User) -> Run:
    """Queue the inputs of a failed or cancelled run again, on the revision it had.

    Asked twice, it answers with the retry there is already.
    """
    permissions.require(by, permissions.WORK, run.lab)
    again, new = queue_again(run=run, by=by)
    if new:
        record("run.queued", by=by, lab=run.lab, subject=again)
    return again


def queue_again(*, run: Run, by: User) -> tuple[Run, bool]:
    """Queue the inputs of `run` in the name of `by`; whoever calls looked at rights, and notes it.

    Returns the retry, and whether it is new.
    """
    if run.state not in (Run.State.FAILED, Run.State.CANCELLED):
        raise Refused("Only a failed or a cancelled run can be retried.")
    under_way = Q(state__in=Run.ACTIVE) | Q(state=Run.State.SUCCEEDED)
    if existing := run.retries.filter(under_way).first():
        return existing, False
    declared_recipe(run.recipe)
    following.refuse_in_vain(run)
    again = _queue(
        measurement=run.measurement,
        measurement_revision=run.measurement_revision,
        recipe=run.recipe,
        parameters=run.parameters,
        seed=run.seed,
        lane=run.lane if run.lane != Run.Lane.BEAMTIME else "",
        submitted_by=by,
        retry_of=run,
        after=run.after,
    )
    return again, True


@transaction.atomic
def cancel(*, run: Run, by: User) -> Run:
    """End a run that waits, at once; ask the worker of a running one to stop within seconds.

    Returns the run as it is now. Refused when it was over before.
    """
    permissions.require(by, permissions.WORK, run.lab)
    ask_to_end(run)
    record("run.cancelled", by=by, lab=run.lab, subject=run)
    return run


def declared_recipe(name: str) -> Recipe:
    """The recipe called `name`; Refused when this portal has none."""
    if name not in RECIPES:
        offered = ", ".join(each.name for each in RECIPES.values() if each.makes != "preview")
        raise Refused(f"There is no recipe “{name}”; choose one of {offered}.")
    return RECIPES[name]


def refuse_unready(measurement: Measurement) -> None:
    """Refuse a measurement nothing can be computed from yet, with what to do about it."""
    if measurement.kind == Measurement.Kind.WINDOWS:
        raise Refused(f"“{measurement}” holds audit windows of another map; run that map.")
    state = Measurement.State
    if measurement.state == state.READY:
        return
    reasons = {
        state.LIVE: "its frames are still arriving. Close the scan first.",
        state.UPLOADING: "its files are still arriving. Finish the upload first.",
        state.ATTENTION: "the reader has a question about it. Answer it on its page first.",
        state.REFUSED: "its files could not be read. Its page says why.",
    }
    reason = reasons.get(measurement.state, "its files are being read. Try again in a minute.")
    raise Refused(f"“{measurement}” cannot be run yet: {reason}")


def _clean(recipe: Recipe, parameters: Mapping[str, Any], measurement: Measurement) -> dict:
    known = beside.known(recipe, measurement)
    try:
        cleaned = recipe.clean(parameters, known)
    except ParameterErrors as wrong:
        raise BadParameters(wrong.errors) from None
    seconds = recipe.cost(cleaned, known)
    if seconds > words.soft_limit():
        raise Refused(
            f"This would take about {words.duration(seconds)}, more than the limit of "
            f"{words.duration(words.soft_limit())}. Choose fewer elements, fewer samples or a "
            "smaller factor."
        )
    return cleaned


def _queue(*, lane: str, **fields: Any) -> Run:
    run = Run(**fields)
    recipe, lab = RECIPES[run.recipe], run.measurement.project.lab
    summary = beside.known(recipe, run.measurement)
    run.estimated, run.whole_memory = by_recipe(recipe, run.parameters, summary)
    run.memory = tiling.memory_to_begin(run)
    run.lane = admission.lane(lane, run.estimated, lab)
    admission.admit(run.estimated, lab, run.submitted_by)
    run.save()
    transaction.on_commit(lambda: tickets.issue(run.lane))
    return run


def ask_to_end(run: Run) -> None:
    """End a run that waits, have a running one stop, and read its row; Refused when it is over."""
    ended = _ask_to_end(run)
    run.refresh_from_db()
    if not ended:
        raise Refused(f"This run has {run.get_state_display().lower()} already.")
    following.end_in_vain()


def _ask_to_end(run: Run) -> bool:
    """Cancel by compare-and-swap; a run may change hands between two steps, but not for ever."""
    row = Run.objects.filter(pk=run.pk)
    for _ in range(5):
        ended = row.filter(state=Run.State.QUEUED).update(
            state=Run.State.CANCELLED, cancel_requested=True, finished=timezone.now()
        )
        # Nobody holds a run that is under way in tiles: who works one notices within seconds.
        ended = ended or row.filter(state=Run.State.RUNNING, in_tiles=True).update(
            state=Run.State.CANCELLED, cancel_requested=True, **tiling.ENDED
        )
        if ended or row.filter(state=Run.State.RUNNING).update(cancel_requested=True):
            return True
        if row.filter(state__in=Run.FINAL).exists():
            return False
    return False
