"""Reading placements and audits; a person sees those of the measurements they see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from django.db.models import QuerySet

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.measurements.queries import visible_measurements
from fiducial.reports.models import Report
from fiducial.runs.models import Run
from workers.measurement import Content

from .models import Audit, Placement, Rescan

LATEST_FIRST = ("-rescan__announced", "-pk")


def with_windows(measurements: QuerySet[Measurement]) -> QuerySet[Measurement]:
    """Of `measurements` the maps that were read: nothing else has a field to scan once more."""
    maps = measurements.filter(kind=Measurement.Kind.MAP, revision__gt=0)
    # Summaries older than movies do not say what they hold: they are of maps.
    return maps.exclude(summary__content__in=set(get_args(Content)) - {"maps"})


def visible_placements(user: User, verb: str = permissions.SEE) -> QuerySet[Placement]:
    """The placements of measurements on which `user` may do `verb` (by default: see)."""
    maps = with_windows(visible_measurements(user, verb))
    found = Placement.objects.filter(measurement__in=maps)
    return found.select_related("measurement__project__lab", "run")


def visible_rescans(user: User, verb: str = permissions.SEE) -> QuerySet[Rescan]:
    """The rescans of placements on which `user` may do `verb` (by default: see)."""
    found = Rescan.objects.filter(placement__in=visible_placements(user, verb))
    return found.select_related("measurement__project__lab", "placement")


def drawn(measurement: Measurement) -> Placement | None:
    """The windows drawn for what the measurement is now; None while they are being drawn."""
    found = measurement.placements.filter(kind=Placement.Kind.DRAWN)
    return found.order_by("-revision").first()


def offer(measurement: Measurement) -> dict[str, Any]:
    """What the page of a map says of its windows: the context of `audits/_offer.html`."""
    return {"measurement": measurement, "placement": drawn(measurement)}


def has_judged(placement: Placement) -> bool:
    """Whether a rescan of these windows has judged a run."""
    return Audit.objects.filter(rescan__placement=placement, state=Audit.State.DONE).exists()


def claim(run: Run) -> Audit | None:
    """The audit a run's claim rests on: the first rescan of windows drawn before any result.

    Windows somebody chose, and later rescans, never enter: both could be picked by their outcome.
    """
    return claim_among(audits_of(run))


def claim_among(audits: list[Audit]) -> Audit | None:
    """The same of `audits_of` a run."""
    return next((one for one in reversed(audits) if _counts(one)), None)


def audits_of(run: Run) -> list[Audit]:
    """Every audit of a run, the newest rescan first."""
    return list(run.audits.select_related("rescan__placement").order_by(*LATEST_FIRST))


def _counts(audit: Audit) -> bool:
    placement = audit.rescan.placement
    drawn_blind = placement.kind == Placement.Kind.DRAWN and placement.blind
    return drawn_blind and audit.state == Audit.State.DONE


def claims(runs: Iterable[Run]) -> dict[UUID, Audit]:
    """The same of many runs, by run."""
    done = Audit.objects.filter(
        run__in=runs,
        state=Audit.State.DONE,
        rescan__placement__kind=Placement.Kind.DRAWN,
        rescan__placement__blind=True,
    )
    latest_first = done.select_related("rescan__placement", "run").order_by(*LATEST_FIRST)
    return {audit.run_id: audit for audit in latest_first}


def gains_among(audits: list[Audit]) -> list[Audit]:
    """Of `audits_of` a run what windows chosen by its own risks showed, oldest first."""
    chosen = [one for one in audits if one.rescan.placement.kind == Placement.Kind.CHOSEN]
    return [one for one in reversed(chosen) if one.state == Audit.State.DONE]


def sealed_before(audit: Audit) -> Report | None:
    """The first report of the run that was sealed before the first byte of the windows came."""
    earlier = audit.run.reports.filter(frozen__lt=audit.rescan.announced)
    return earlier.order_by("frozen").first()


def evidence(audit: Audit) -> dict[str, Any]:
    """Everything a claim rests on, as a report keeps it: places, seed, times, hashes, figures."""
    rescan, placement = audit.rescan, audit.rescan.placement
    return {
        "windows": {
            "drawn": placement.made.isoformat(timespec="seconds"),
            "seed": placement.seed,
            "row_column_size": placement.windows,
        },
        "rescan": {
            "came": rescan.announced.isoformat(timespec="seconds"),
            "factor": rescan.factor,
            "revision": audit.rescan_revision,
            "content_hash": rescan.measurement.content_hash,
        },
        "sealed_before": [
            {"version": one.version, "sealed": one.frozen.isoformat(timespec="seconds")}
            | {"content_hash": one.content_hash}
            for one in [sealed_before(audit)]
            if one
        ],
        "result": audit.result,
    }


@dataclass(frozen=True)
class Progress:
    """A rescan on the page of its map: what it is, and the runs it has judged or will."""

    rescan: Rescan
    audits: list[Audit]

    @property
    def under_way(self) -> bool:
        """Whether something still moves by itself."""
        measurement = self.rescan.measurement
        waiting = {Audit.State.WAITING, Audit.State.JUDGING}
        unchecked = measurement.is_ready and self.rescan.revision != measurement.revision
        reading = not measurement.is_final and measurement.state != Measurement.State.UPLOADING
        return reading or unchecked or any(audit.state in waiting for audit in self.audits)


def progress(placement: Placement) -> list[Progress]:
    """The rescans of a placement, oldest first."""
    rescans = placement.rescans.select_related("measurement").order_by("announced")
    audits = Audit.objects.filter(rescan__in=rescans).select_related("run").order_by("since")
    return [Progress(rescan, [a for a in audits if a.rescan_id == rescan.pk]) for rescan in rescans]
