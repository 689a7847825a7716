"""What the API takes and answers. Times are ISO 8601 in UTC, lengths micrometres, spans seconds."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.urls import reverse
from ninja import Field, Schema
from pydantic import AfterValidator

from fiducial.measurements.elements import SYMBOLS


def _element(symbol: str) -> str:
    if symbol not in SYMBOLS:
        raise ValueError(f"“{symbol}” is no element")
    return symbol


ElementSymbol = Annotated[str, AfterValidator(_element)]


class ParameterProblem(Schema):
    parameter: str
    detail: str


class Problem(Schema):
    """Why a request was not granted (RFC 9457); `detail` is a sentence for a person."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ParameterProblem] = Field(default_factory=list)
    existing: UUID | None = Field(None, description="of a duplicate: what is here already")


class LabOut(Schema):
    id: int = Field(alias="lab_id")
    name: str = Field(alias="lab.name")
    role: str


class PersonOut(Schema):
    id: int = Field(alias="user_id")
    username: str = Field(alias="user.username")
    name: str = Field(alias="user.get_full_name")
    role: str


class RoleIn(Schema):
    role: str


class EntryOut(Schema):
    """Something that was done; names are those of the day it was done."""

    when: datetime
    action: str
    by: str = Field(alias="by_name")
    lab: str = Field(alias="lab_name")
    subject: str
    subject_id: str
    reason: str
    as_operator: bool


class ProjectIn(Schema):
    lab: int
    name: str


class ProjectOut(Schema):
    id: int
    name: str
    lab: str = Field(alias="lab.name")


class MeasurementOut(Schema):
    """A measurement; `summary` is what the reader found, `problems` what it met.

    Of a movie `summary.glance` says what it shows at first sight.
    """

    id: UUID
    project: int = Field(alias="project_id")
    name: str
    state: str
    revision: int
    content_hash: str
    created: datetime
    summary: dict[str, Any]
    problems: list[dict[str, Any]]
    page: str = Field(alias="get_absolute_url")


class CorrectionIn(Schema):
    """What a person says of the files; what is left out stays as it was read.

    `channels` maps a file's name (`summary.files`) to its element, "guide" (an electron image) or
    "skip". From `values` on they are of diffraction frames: how places run (`axes`, then turned by
    `turned_deg` degrees), where zero frequency lies, what the numbers and units are. `factor` and
    `sigma_mev` are of calorimeter events: children along a side of a cell, and its noise.
    """

    content: Literal["maps", "movie", "scan", "volume", "events"] = "maps"
    units: Literal["counts", "wt%", "intensity"] | None = None
    pixel_size_um: float | None = Field(None, ge=1e-4, le=1e5)
    dwell_ms: float | None = Field(None, ge=1e-4, le=1e7)
    current_na: float | None = Field(None, ge=1e-4, le=1e5)
    sampling: Literal["fine", "binned", "point", "line", "psf"] | None = None
    channels: dict[str, Literal["guide", "skip"] | ElementSymbol] = Field(default_factory=dict)
    values: Literal["counts", "amplitude"] | None = None
    zero: Literal["corner", "middle"] | None = None
    position_unit: Literal["px", "m", "um", "nm"] | None = None
    axes: Literal["stated", "swapped", "rows", "columns"] | None = None
    turned_deg: float | None = Field(None, ge=-360, le=360)
    pixel_nm: float | None = Field(None, ge=1e-4, le=1e6)
    energy_ev: float | None = Field(None, ge=1, le=1e7)
    distance_m: float | None = Field(None, ge=1e-4, le=1e3)
    detector_pixel_um: float | None = Field(None, ge=0.1, le=1e4)
    factor: Literal[2, 4] | None = None
    sigma_mev: float | None = Field(None, ge=1e-6, le=1e8)

    def answers(self) -> dict[str, Any]:
        """The corrections as `workers.readers` takes them."""
        return self.model_dump(exclude_defaults=True)


class StandardsIn(Schema):
    name: str = "standards.csv"
    table: str


class FileIn(Schema):
    path: str
    size: int


class UploadIn(Schema):
    """Files to be announced as one measurement, before any byte of them is sent."""

    project: int
    name: str = ""
    files: list[FileIn]


class UploadedFileOut(Schema):
    """A file that arrives in parts of `part_bytes`; `missing` are the numbers still to be sent."""

    id: int
    path: str
    given: str = Field(description="the path it was announced by; of older announcements, `path`")
    size: int
    missing: list[int]


class UploadOut(Schema):
    id: UUID
    state: str
    part_bytes: int
    files: list[UploadedFileOut]


class ChoiceOut(Schema):
    value: str | int
    label: str
    picture: str


class ParameterOut(Schema):
    name: str
    title: str
    kind: str
    default: Any
    choices: list[ChoiceOut]
    minimum: float | None
    maximum: float | None
    help: str


class RecipeOut(Schema):
    """A recipe and what it asks for; `default` null for channels means all of them."""

    name: str
    title: str
    version: str
    description: str
    parameters: list[ParameterOut]


class RunIn(Schema):
    """A run to queue; parameters that are left out take the recipe's defaults, and `lane` "" is
    "interactive" for short runs, else "batch". `network` "lesson:<id>" in the parameters waits for
    the lesson with that id, and asks the network that it teaches.
    """

    measurement: UUID
    recipe: str = "xray-ensemble"
    parameters: dict[str, Any] = Field(default_factory=dict)
    seed: int = 0
    lane: str = ""


class RunOut(Schema):
    """A run. `detail` says in a sentence why it waits, how far it is, or why it failed."""

    id: UUID
    measurement: UUID
    measurement_revision: int
    recipe: str
    parameters: dict[str, Any]
    seed: int
    lane: str
    state: str
    detail: str
    place: int | None
    stage: str
    fraction: float
    seconds_left: float | None
    attempt: int
    cancel_requested: bool
    created: datetime
    started: datetime | None
    finished: datetime | None
    error: str
    retry_of: UUID | None
    after: UUID | None = Field(description="the lesson whose network it waits for")
    summary: dict[str, Any]
    page: str


class FeaturesOut(Schema):
    """Features with their place, amplitude, risk, visibility and which samples have them."""

    features: list[dict[str, Any]]
    missed: list[dict[str, Any]]


class ReportIn(Schema):
    title: str = ""


class ReportOut(Schema):
    id: UUID
    run: UUID = Field(alias="run_id")
    version: int
    title: str
    content_hash: str
    frozen: datetime
    frozen_by: str = Field(alias="frozen_by.username")
    page: str

    @staticmethod
    def resolve_page(report: Any) -> str:
        return reverse("reports:report", args=[report.pk])


class RequestIn(Schema):
    """Whom to ask for a review, by username or address, and by which day."""

    reviewer: str
    due: date
    blind: bool = False


class RequestOut(Schema):
    """Somebody who was asked for a review; `newer_version` says that the report was frozen anew
    since, and that they are reminded of this version no more.
    """

    id: int
    report: UUID = Field(alias="report_id")
    version: int = Field(alias="report.version")
    reviewer: str = Field(alias="reviewer.username")
    asked_by: str = Field(alias="asked_by.username")
    asked: datetime
    due: date
    blind: bool
    state: Literal["waiting", "decided", "withdrawn"]
    newer_version: bool = Field(alias="newer")
    page: str

    @staticmethod
    def resolve_state(request: Any) -> str:
        if request.closed is None:
            return "waiting"
        return "decided" if request.decided else "withdrawn"

    @staticmethod
    def resolve_page(request: Any) -> str:
        return reverse("review:review", args=[request.report_id])


class ReasonIn(Schema):
    reason: str


class ModelIn(Schema):
    name: str = Field(description="What the lab calls it; of one lab, no two alike.")


class ModelOut(Schema):
    """A network that a lab taught; `state` is candidate, promoted or retired."""

    id: UUID
    lab: int = Field(alias="lab_id")
    run: UUID = Field(alias="run_id")
    name: str
    state: str
    scale: int
    card: dict[str, Any]
    sources: dict[str, dict[str, str]]
    kept: datetime
    kept_by: str = Field(alias="kept_by.username")
    page: str

    @staticmethod
    def resolve_page(model: Any) -> str:
        return reverse("learning:model", args=[model.pk])


class SealOut(Schema):
    """Whether a report is as it was sealed; `problems` are sentences."""

    as_sealed: bool
    problems: list[str]
    content_hash: str


class ChoiceIn(Schema):
    count: int = 8


class PlacementOut(Schema):
    """Windows of a map: `windows` are [row, column, size] in measured pixels, in scanning order.

    `kind` "drawn" at random by the portal (then `seed`; `blind`: before any result), or "chosen".
    """

    id: int
    kind: str
    made: datetime
    seed: int | None
    blind: bool
    windows: list[list[int]]
    refusal: str
    run: UUID | None = Field(alias="run_id")
    gains: list[float]


class RescanIn(Schema):
    """Files of rescanned windows, "1/Si.txt", "2/Si.txt" …, or of one map of the whole field."""

    name: str = ""
    files: list[FileIn]


class AuditOut(Schema):
    """A run judged by rescanned windows; `came` is when the first byte of them was announced."""

    id: int
    placement: int = Field(alias="rescan.placement_id")
    measurement: UUID = Field(alias="rescan.measurement_id")
    came: datetime = Field(alias="rescan.announced")
    state: str
    refusal: str
    result: dict[str, Any]
