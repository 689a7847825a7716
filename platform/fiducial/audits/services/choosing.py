"""Where to look next: windows a run itself points at. They measure what looking there gains."""

from django.db import transaction

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.trail.services import record
from fiducial.viewer import stores
from workers.assessment.audit import gain
from workers.recipes.catalogue import RECIPES

from .. import queries
from ..models import Placement
from .placing import mask_of

MOST = 32


@transaction.atomic
def choose(*, run: Run, user: User, count: int) -> Placement:
    """Place `count` windows where the run expects most false features; greedy, none overlapping.

    Windows that were drawn or chosen before are left alone. Refused when there are no drawn windows
    to take the size from, or nothing is left to gain.
    """
    permissions.require(user, permissions.WORK, run.lab)
    if run.state != Run.State.SUCCEEDED or not run.store_path or not describing.answers(run):
        raise Refused("Only a run that has a result can say where it may be wrong.")
    if not 1 <= count <= MOST:
        raise Refused(f"Choose 1 to {MOST} windows.")
    if RECIPES[run.recipe].accepts != "maps":
        raise Refused("Only a map has audit windows: frames cannot be scanned once more.")
    drawn = queries.drawn(run.measurement)
    if drawn is None or not drawn.windows:
        raise Refused(
            drawn.refusal if drawn else "The windows of this map are being drawn; try in a minute."
        )
    store = stores.of_run(run)
    factor = store.shape[0] // store.measured_shape[0]
    mass = gain.risk_mass(store.table("features"), store.measured_shape, factor)
    taken = [w for placement in run.measurement.placements.all() for w in placement.places]
    found = gain.propose(mass, mask_of(run.measurement), taken, drawn.size, count)
    if not found:
        raise Refused("This run shows no feature outside the windows that are placed already.")
    record("windows.chosen", by=user, lab=run.lab, subject=run.measurement)
    return Placement.objects.create(
        measurement=run.measurement,
        revision=run.measurement_revision,
        kind=Placement.Kind.CHOSEN,
        windows=[[w.row, w.column, w.size] for w, _ in found],
        gains=[round(worth, 3) for _, worth in found],
        run=run,
        chosen_by=user,
    )
