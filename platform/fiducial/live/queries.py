"""Reading how a scan stands while its frames arrive, and what its preview shows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.measurements.folders import live as store_folder
from fiducial.runs import folders
from fiducial.runs.models import Run
from fiducial.viewer import stores
from workers.store import StoreError, glimpses
from workers.store.live import LiveStore

from . import numbers
from .models import LiveScan

GAPS_TOLD = 100  # to programs; pages tell fewer


def visible_scans(user: User, verb: str = permissions.SEE) -> QuerySet[LiveScan]:
    """The live scans of the labs in which `user` may do `verb` (by default: see)."""
    labs = permissions.lab_keys(user, verb)
    found = LiveScan.objects.filter(measurement__project__lab__in=labs)
    return found.select_related("measurement__project__lab")


@dataclass(frozen=True)
class Standing:
    """A scan at one moment: what came, what its preview used of it, and what did not come."""

    scan: LiveScan
    run: Run | None
    used: int
    used_per_second: float
    gaps: list[numbers.Run]  # numbers below the highest that came, which did not

    @property
    def state(self) -> str:
        """ "waiting", "arriving", "quiet" or "ended"."""
        if not self.scan.is_open:
            return "ended"
        if not self.scan.received:
            return "waiting"
        return "arriving" if self.scan.per_second() else "quiet"

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame as it is sent."""
        return LiveStore(store_folder(self.scan.measurement_id)).optics.frame_bytes

    @property
    def per_second(self) -> float:
        """Frames that arrive per second."""
        return self.scan.per_second() if self.scan.is_open else 0.0

    @property
    def backlog(self) -> int:
        """Frames that came and have no part in the preview yet."""
        return max(0, self.scan.received - self.used)

    @property
    def dropped(self) -> int:
        """Frames that did not come, though later ones did."""
        return sum(last - first + 1 for first, last in self.gaps)

    @property
    def gaps_worded(self) -> str:
        return numbers.worded(self.gaps)


def standing(scan: LiveScan) -> Standing:
    """How `scan` stands now."""
    came = numbers.flags(bytes(scan.numbers), scan.planned)
    run = scan.run
    facts = _facts(run)
    return Standing(
        scan=scan,
        run=run,
        used=int(facts.get("used", 0)),
        used_per_second=float(facts.get("per_second", 0.0)),
        gaps=numbers.missing(came, scan.last),
    )


@dataclass(frozen=True, eq=False)
class Shown:
    """What a preview shows: amplitude and phase `(2, H, W)`, where lit, and its facts."""

    pictures: np.ndarray
    lit: np.ndarray
    facts: dict[str, Any]


def shown(run: Run | None) -> Shown | None:
    """What `run` shows now, or showed at its end; None where there is nothing (any more)."""
    if run is None:
        return None
    if run.state == Run.State.RUNNING:
        seen = glimpses.newest(folders.output(run))
        return seen and Shown(seen.pictures, seen.lit, seen.facts)
    if run.state != Run.State.SUCCEEDED or not run.store_path:
        return None
    try:
        store = stores.of_run(run)
    except StoreError:
        return None
    pictures = np.asarray(store.image("estimate")[:], np.float32)
    return Shown(pictures, np.asarray(store.image("mask")[:], bool), store.summary)


def mark(run: Run | None) -> str:
    """Differs where `shown` would."""
    if run is None:
        return "none"
    number = glimpses.number(folders.output(run)) if run.state == Run.State.RUNNING else -1
    return f"{run.pk}-{run.state}-{run.token}-{number}"


def _facts(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {}
    if run.state == Run.State.RUNNING:
        return glimpses.facts(folders.output(run))
    return dict(run.summary)
