"""Opening a scan: its room is reserved, its folder made, and its preview queued."""

import shutil
from dataclasses import dataclass, field

import numpy as np
from django.conf import settings
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from numpy.typing import NDArray

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.measurements import folders
from fiducial.measurements.errors import TooLarge
from fiducial.measurements.models import Measurement, Project, UploadedFile
from fiducial.measurements.queries import store_folder
from fiducial.measurements.services import refuse_without_room
from fiducial.runs.allotments import refuse_over_quota
from fiducial.trail.services import record
from workers.scan import MAX_SIDE
from workers.store import MeasurementStore, StoreError
from workers.store.live import Optics, open_live

from ..models import LiveScan
from .previewing import queue_preview

MIN_SIDE = 16
MAX_FRAMES = 100_000
MAX_VALUES = 2**27  # of all frames: what the reader takes when the scan is closed


@dataclass(frozen=True)
class Opening:
    """What is said when a scan is opened: `frames` at most, numbered from 0, and how they look.

    `positions` float64 `(frames, 2)`, where places are known ahead; `probe_of` a scan of the same
    lab whose probe the preview starts from; `preview`: whether there shall be one.
    """

    frames: int
    optics: Optics
    name: str = ""
    positions: NDArray[np.float64] | None = field(default=None, compare=False)
    probe_of: Measurement | None = None
    preview: bool = True


def open_scan(*, project: Project, user: User, asked: Opening) -> LiveScan:
    """Open a scan for frames. Refused where nothing could be made of it, or there is no room."""
    permissions.require(user, permissions.WORK, project.lab)
    _check(asked)
    size = asked.frames * asked.optics.frame_bytes
    refuse_over_quota(project.lab, size)
    refuse_without_room(size)
    probe = None if asked.probe_of is None else _probe(asked.probe_of, asked.optics.side)
    measurement = _measurement(project, user, asked)
    folder = folders.live(measurement.pk)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        open_live(folder, asked.optics, asked.frames, asked.positions, probe)
        return _kept(measurement, asked, size)
    except BaseException:
        shutil.rmtree(folders.quarantine(measurement.pk), ignore_errors=True)
        raise


def _check(asked: Opening) -> None:
    optics = asked.optics
    if not MIN_SIDE <= optics.side <= MAX_SIDE:
        raise Refused(f"Frames have {MIN_SIDE} to {MAX_SIDE} pixels a side: crop or bin them.")
    if not 1 <= asked.frames <= MAX_FRAMES:
        raise Refused(f"A scan is opened for 1 to {MAX_FRAMES:,} frames.")
    if asked.frames * optics.side**2 > MAX_VALUES:
        most = MAX_VALUES // optics.side**2
        raise TooLarge(
            f"Of frames of {optics.side} × {optics.side} pixels a scan takes up to {most:,}. Crop "
            "or bin them, or open several scans."
        )
    size = asked.frames * optics.frame_bytes
    if size > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(
            f"These frames would have {filesizeformat(size)}; one measurement holds at most "
            f"{filesizeformat(settings.UPLOAD_MAX_BYTES)}."
        )
    if asked.positions is not None:
        _check_places(asked.positions, asked.frames)
    if optics.position_unit != "px" and not _pixel_known(optics):
        raise Refused(
            "Places in a unit of length need the pixel of the object: enter it, or energy, "
            "distance and detector pixel, from which it follows."
        )


def _check_places(places: NDArray[np.float64], frames: int) -> None:
    if places.shape != (frames, 2):
        raise Refused(f"There are {len(places):,} places for {frames:,} frames: one each is due.")
    if not np.isfinite(places).all():
        raise Refused("Some places are not numbers.")


def _pixel_known(optics: Optics) -> bool:
    geometry = (optics.energy_ev, optics.distance_m, optics.detector_pixel_um)
    return bool(optics.pixel_nm) or all(geometry)


def _probe(scan: Measurement, side: int) -> NDArray[np.complex64]:
    """The probe modes of another scan."""
    try:
        probe = np.asarray(MeasurementStore(store_folder(scan)).array("probe")[:], np.complex64)
    except StoreError as missing:
        raise Refused(f"“{scan}” holds no probe to start from; choose another scan.") from missing
    if probe.shape[1:] != (side, side):
        raise Refused(
            f"The probe of “{scan}” has {probe.shape[1]} pixels a side, and these frames have "
            f"{side}; choose another scan."
        )
    return probe


def _measurement(project: Project, user: User, asked: Opening) -> Measurement:
    """The row, not written yet."""
    optics, span = asked.optics, asked.positions
    answers = {"content": "scan", "axes": optics.axes, "turned_deg": optics.turned_deg}
    return Measurement(
        project=project,
        name=(asked.name.strip() or "Live scan")[:160],
        uploaded_by=user,
        state=Measurement.State.LIVE,
        answers={name: said for name, said in answers.items() if said not in ("stated", 0.0)},
        summary={
            "content": "live",
            "frames": asked.frames,
            "shape": [optics.side, optics.side],
            "planned_places": span is not None,
        },
    )


@transaction.atomic
def _kept(measurement: Measurement, asked: Opening, size: int) -> LiveScan:
    measurement.save()
    # Its whole size counts from now on, as that of an announced upload does.
    name = folders.live(measurement.pk).name
    UploadedFile.objects.create(measurement=measurement, name=name, size=size)
    scan = LiveScan.objects.create(measurement=measurement, planned=asked.frames)
    by, lab = measurement.uploaded_by, measurement.project.lab
    record("scan.opened", by=by, lab=lab, subject=measurement)
    if asked.preview:
        queue_preview(scan, by)
    return scan
