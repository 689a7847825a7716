"""What the API takes and answers. Times are ISO 8601 in UTC, lengths micrometres, spans seconds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from ninja import Field, Schema


class Fault(Schema):
    """Why a request was not granted: one sentence for a person."""

    detail: str


class ProjectOut(Schema):
    id: int
    name: str
    lab: str = Field(alias="lab.name")


class MeasurementOut(Schema):
    """A measurement; `summary` is what the reader found, `problems` what it met."""

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
    "interactive" for short runs, else "batch".
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
    summary: dict[str, Any]
    page: str


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
