"""Judging one run by its rescanned windows, as a worker does it."""

import logging

from django.db.models import F
from django.utils import timezone

from fiducial.measurements.queries import store_folder
from fiducial.viewer import stores
from workers.store import StoreError, Unreachable

from .models import Audit

State = Audit.State
MAX_ATTEMPTS = 3

log = logging.getLogger(__name__)


def judge_next() -> bool:
    """Judge the audit that has waited longest; False when none waits."""
    for key in Audit.objects.filter(state=State.WAITING).order_by("since").values_list("pk"):
        if audit := _claim(key[0]):
            _judge(audit)
            return True
    return False


def _claim(key: int) -> Audit | None:
    """Take a waiting audit by compare-and-swap; the attempt's number is the claim."""
    claimed = Audit.objects.filter(pk=key, state=State.WAITING).update(
        state=State.JUDGING, since=timezone.now(), attempt=F("attempt") + 1
    )
    return _rows().get(pk=key) if claimed else None


def _judge(audit: Audit) -> None:
    # Imported here: looking for features takes torch, which a worker's parent must not load.
    from workers.assessment.audit.judging import judge
    from workers.assessment.audit.registration import NotFound

    rescan, run = audit.rescan, audit.run
    placement = rescan.placement
    try:
        result = judge(
            store_folder(run.measurement, run.measurement_revision),
            stores.of_run(run).path,
            store_folder(rescan.measurement, audit.rescan_revision),
            placement.places,
            drawn=placement.is_drawn,
            seed=placement.seed or placement.pk,
        )
    except Unreachable as away:
        log.warning("Audit %s waits again: %s", audit.pk, away)
        _end(audit, State.WAITING)
    except (NotFound, StoreError) as reason:
        _end(audit, State.REFUSED, refusal=str(reason))
    except Exception as fault:
        log.warning("Audit %s failed", audit.pk, exc_info=fault)
        sentence = (
            f"Judging stopped because of a fault in the program ({type(fault).__name__}). An "
            f"operator finds the details in the worker's log under audit {audit.pk}."
        )
        _end(audit, State.REFUSED, refusal=sentence)
    else:
        _end(audit, State.DONE, result=result)


def _end(audit: Audit, state: str, **changes: object) -> None:
    """Write how it ended, if the claim still holds."""
    held = Audit.objects.filter(pk=audit.pk, state=State.JUDGING, attempt=audit.attempt)
    held.update(state=state, since=timezone.now(), **changes)


def _rows():
    return Audit.objects.select_related(
        "rescan__placement", "rescan__measurement", "run__measurement"
    )
