"""Scans whose frames arrive one by one."""

from typing import Any, Literal
from uuid import UUID

import numpy as np
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Router, Schema, Status

from fiducial.live import queries, services
from fiducial.live.models import LiveScan
from fiducial.measurements.queries import visible_measurements, visible_projects
from fiducial.measurements.services import taken
from workers.store.live import Optics

from .auth import SIGNED_IN
from .repeating import repeatable

router = Router(tags=["live"])
DELIVERY = {
    "required": True,
    "description": 'One line of JSON, `{"index": [40, 41], "positions": [[row, column], …]}`, a '
    "line feed, then the frames: row by row, least significant byte first. `index` may be the "
    "number of the first frame alone; `positions` are left out where they were given ahead.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


class LiveIn(Schema):
    """What will come: `frames` at most, numbered from 0, square, of `side` pixels.

    `positions` (row, column) by the numbers of the frames; without them every delivery brings
    them. `probe_of` is a scan of the same lab whose probe the preview starts from. Facts are those
    of corrections (`CorrectionIn`).
    """

    name: str = ""
    frames: int
    side: int
    type: Literal["uint8", "uint16", "uint32", "float32"] = "uint16"
    zero: Literal["corner", "middle"] = "middle"
    position_unit: Literal["px", "m", "um", "nm"] = "px"
    axes: Literal["stated", "swapped", "rows", "columns"] = "stated"
    turned_deg: float = Field(0.0, ge=-360, le=360)
    pixel_nm: float | None = Field(None, ge=1e-4, le=1e6)
    energy_ev: float | None = Field(None, ge=1, le=1e7)
    distance_m: float | None = Field(None, ge=1e-4, le=1e3)
    detector_pixel_um: float | None = Field(None, ge=0.1, le=1e4)
    positions: list[tuple[float, float]] | None = None
    probe_of: UUID | None = None
    preview: bool = True


class TakenOut(Schema):
    """What became of a delivery: frames kept, and those whose number had come before."""

    kept: int
    again: int
    received: int
    planned: int


class GapOut(Schema):
    """Numbers that did not come, though later ones did."""

    first: int
    last: int


class LiveOut(Schema):
    """A live scan now; `gaps` are the first hundred, `used` and `backlog` of its preview."""

    id: UUID
    state: Literal["waiting", "arriving", "quiet", "ended"]
    frame_bytes: int
    planned: int
    received: int
    again: int
    per_second: float
    used: int
    used_per_second: float
    backlog: int
    dropped: int
    gaps: list[GapOut]
    preview: UUID | None
    page: str


@router.post("/projects/{int:number}/live", response={201: LiveOut}, auth=SIGNED_IN)
@repeatable
def open_live_scan(request: HttpRequest, number: int, body: LiveIn) -> Status:
    """Open a scan for frames; room for all of them is reserved."""
    project = get_object_or_404(visible_projects(request.user), pk=number)
    probe_of = None
    if body.probe_of is not None:
        probe_of = get_object_or_404(
            visible_measurements(request.user), pk=body.probe_of, project__lab=project.lab_id
        )
    optics = {name: getattr(body, name) for name in Optics.__dataclass_fields__}
    places = body.positions
    asked = services.Opening(
        frames=body.frames,
        optics=Optics(**optics),
        name=body.name,
        positions=None if places is None else np.array(places, np.float64).reshape(-1, 2),
        probe_of=probe_of,
        preview=body.preview,
    )
    opened = services.open_scan(project=project, user=request.user, asked=asked)
    return Status(201, _answer(opened))


@router.get("/measurements/{uuid:pk}/live", response=LiveOut, auth=SIGNED_IN)
def get_live_scan(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """What arrived, what is missing, and how much of it the preview has used."""
    return _answer(_visible(request, pk))


@router.post(
    "/measurements/{uuid:pk}/live/frames",
    response=TakenOut,
    auth=SIGNED_IN,
    openapi_extra={"requestBody": DELIVERY},
)
def send_frames(request: HttpRequest, pk: UUID) -> services.Taken:
    """Deliver frames, in any order and as often as it takes: each number is kept once."""
    scan = _visible(request, pk)
    # Never hold more than that in memory: one byte over is enough to refuse.
    body = taken(request, settings.LIVE_BODY_BYTES + 1)
    return services.receive(scan=scan, user=request.user, body=body)


@router.post("/measurements/{uuid:pk}/live/close", response=LiveOut, auth=SIGNED_IN)
def close_live_scan(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """Take no more frames: what arrived is read as any upload, and can then be run."""
    return _answer(services.close(scan=_visible(request, pk), user=request.user))


@router.post("/measurements/{uuid:pk}/live/preview", response={201: LiveOut}, auth=SIGNED_IN)
@repeatable
def start_preview(request: HttpRequest, pk: UUID) -> Status:
    """Start the preview again, where it was cancelled or failed; it begins with what arrived."""
    scan = _visible(request, pk)
    services.preview(scan=scan, by=request.user)
    return Status(201, _answer(scan))


def _visible(request: HttpRequest, pk: UUID) -> LiveScan:
    return get_object_or_404(queries.visible_scans(request.user), measurement=pk)


def _answer(scan: LiveScan) -> dict[str, Any]:
    standing = queries.standing(scan)
    return {
        "id": scan.measurement_id,
        "frame_bytes": standing.frame_bytes,
        "planned": scan.planned,
        "received": scan.received,
        "again": scan.again,
        "gaps": [
            {"first": first, "last": last} for first, last in standing.gaps[: queries.GAPS_TOLD]
        ],
        "preview": standing.run and standing.run.pk,
        "page": scan.measurement.get_absolute_url() + "live/",
        **{
            name: getattr(standing, name)
            for name in ("state", "per_second", "used", "used_per_second", "backlog", "dropped")
        },
    }
