"""What operators change: whose turn it is, what workers do, what labs may use.

Always with a reason, always in the trail.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User
from fiducial.errors import Refused
from fiducial.runs import services, tickets
from fiducial.runs.models import Allotment, Run, Worker
from fiducial.trail.services import record

State = Run.State
MOST = 1e6  # of a share, of hours, of gigabytes
TOLD = {
    Worker.Order.SERVE: "worker.resumed",
    Worker.Order.DRAIN: "worker.drained",
    Worker.Order.PAUSE: "worker.paused",
}


@transaction.atomic
def move(*, run: Run, lane: str, by: User, reason: str) -> None:
    """Put a waiting run into another lane. Refused once it has started."""
    reason = _reason(by, reason)
    if lane not in Run.Lane.values:
        raise Refused(f"There is no lane “{lane}”; choose one of {', '.join(Run.Lane.values)}.")
    _change_waiting(run, lane=lane)
    transaction.on_commit(lambda: tickets.issue(lane))
    _note("run.moved", run, by, f"to {lane}: {reason}")


@transaction.atomic
def to_front(*, run: Run, by: User, reason: str) -> None:
    """Let a waiting run start before all others. Refused once it has started."""
    reason = _reason(by, reason)
    _change_waiting(run, front=True)
    _note("run.fronted", run, by, reason)


@transaction.atomic
def cancel(*, run: Run, by: User, reason: str) -> None:
    """End a run as its own lab could. Refused when it is over."""
    reason = _reason(by, reason)
    services.ask_to_end(run)
    _note("run.cancelled", run, by, reason)


@transaction.atomic
def requeue(*, run: Run, by: User, reason: str) -> None:
    """Take a running run from its worker, which gives up as soon as it notices, and let it wait
    again; or queue a failed or cancelled one again in the name of who asked for it.
    """
    reason = _reason(by, reason)
    if run.state == State.RUNNING:
        # A new token: whatever the worker still writes counts for nothing.
        taken = Run.objects.filter(pk=run.pk, state=State.RUNNING, token=run.token).update(
            state=State.QUEUED,
            token=F("token") + 1,
            attempt=0,
            started=None,
            lease_until=None,
            in_tiles=False,
            fraction=0.0,
            seconds_left=None,
            stage="",
        )
        if not taken:
            raise Refused("This run has just ended or changed hands; look at it again.")
        transaction.on_commit(lambda: tickets.issue(run.lane))
    else:
        services.queue_again(run=run, by=run.submitted_by)
    _note("run.requeued", run, by, reason)


@transaction.atomic
def order(*, worker: Worker, order: str, by: User, reason: str) -> None:
    """Have a worker drain, pause or serve again; it obeys at its next heartbeat."""
    reason = _reason(by, reason)
    if order not in Worker.Order.values:
        raise Refused(f"A worker cannot “{order}”; choose {', '.join(Worker.Order.values)}.")
    Worker.objects.filter(pk=worker.pk).update(order=order)
    record(TOLD[Worker.Order(order)], by=by, subject=worker, reason=reason, as_operator=True)


@transaction.atomic
def allot(
    *,
    lab: Lab,
    share: float,
    compute_hours: float | None,
    storage_gb: float | None,
    beamtime_from: datetime | None,
    beamtime_until: datetime | None,
    by: User,
    reason: str,
) -> Allotment:
    """Say what `lab` may use: its share, quotas (None: the facility's) and beam time."""
    reason = _reason(by, reason)
    if not 0.1 <= share <= 100:
        raise Refused("A share is a number from 0.1 to 100; most labs have 1.")
    for quota in (compute_hours, storage_gb):
        if quota is not None and not 0 <= quota <= MOST:
            raise Refused(f"A quota is a number from 0 to {MOST:.0f}, or empty.")
    if (beamtime_from is None) != (beamtime_until is None):
        raise Refused("Beam time has a beginning and an end; give both, or neither.")
    if beamtime_from and beamtime_until and beamtime_until <= beamtime_from:
        raise Refused("Beam time has to end after it begins.")
    allotted, _ = Allotment.objects.update_or_create(
        lab=lab,
        defaults={
            "share": share,
            "compute_hours": compute_hours,
            "storage_gb": storage_gb,
            "beamtime_from": beamtime_from,
            "beamtime_until": beamtime_until,
        },
    )
    record("lab.allotted", by=by, lab=lab, subject=lab, reason=reason, as_operator=True)
    return allotted


def _reason(by: User, reason: str) -> str:
    if not permissions.may_operate(by):
        raise permissions.NotAllowed("Only operators of this portal can do this.")
    if not reason.strip():
        raise Refused("Give a reason: the lab reads it in its trail.")
    return reason.strip()


def _change_waiting(run: Run, **changes: object) -> None:
    """Change a run that waits, unless a worker was faster."""
    if not Run.objects.filter(pk=run.pk, state=State.QUEUED).update(**changes):
        raise Refused("This run does not wait any more, so its turn cannot be changed.")


def _note(action: str, run: Run, by: User, reason: str) -> None:
    """Without the name of what was measured: that is the lab's."""
    record(
        action,
        by=by,
        lab=run.lab,
        subject=f"run {run.pk}",
        reason=reason,
        as_operator=True,
    )
