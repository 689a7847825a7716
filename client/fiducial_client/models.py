"""What a portal tells of its things. Members it tells besides these are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


class Told:
    """Something made from the portal's JSON."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """The members of `answer` that are known here."""
        return cls(**{one.name: answer[one.name] for one in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Project(Told):
    id: int
    name: str
    lab: str


@dataclass(frozen=True)
class Measurement(Told):
    """`state` is uploading, quarantined, ingesting, attention, ready or refused."""

    id: str
    project: int
    name: str
    state: str
    revision: int
    content_hash: str
    summary: dict[str, Any]
    problems: list[dict[str, Any]]
    page: str

    @property
    def is_final(self) -> bool:
        """Nothing moves until a person acts."""
        return self.state in ("attention", "ready", "refused")


@dataclass(frozen=True)
class Run(Told):
    """`state` is queued, running, succeeded, failed or cancelled; `detail` says more.

    `after` is the lesson whose network it waits for.
    """

    id: str
    measurement: str
    recipe: str
    parameters: dict[str, Any]
    seed: int
    state: str
    detail: str
    place: int | None
    stage: str
    fraction: float
    seconds_left: float | None
    after: str | None
    error: str
    summary: dict[str, Any]
    page: str

    @property
    def is_final(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Report(Told):
    """A frozen version of a run; `content_hash` is what its manifest hashes to."""

    id: str
    run: str
    version: int
    title: str
    content_hash: str
    page: str


@dataclass(frozen=True)
class Request(Told):
    """Somebody who was asked for a review by the day `due`; `state` is waiting, decided or
    withdrawn. Of a report with a `newer_version` they are reminded no more.
    """

    id: int
    report: str
    version: int
    reviewer: str
    asked_by: str
    due: str
    blind: bool
    state: str
    newer_version: bool
    page: str


@dataclass(frozen=True)
class Model(Told):
    """A network that a lab taught and kept; `state` is candidate, promoted or retired.

    `card` has its figures on the map it was judged by, before and after it was taught; it is for
    maps made `scale` times finer.
    """

    id: str
    lab: int
    run: str
    name: str
    state: str
    scale: int
    card: dict[str, Any]
    page: str


@dataclass(frozen=True)
class UploadingFile(Told):
    """A file that arrives in parts; `given` is the path it was announced by."""

    id: int
    given: str
    size: int
    missing: list[int]
