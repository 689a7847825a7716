"""Reading projects and measurements; a person sees those of their labs and no others."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.runs.models import Run
from workers.store import Place

from . import folders, parts
from .models import Measurement, Project

RUNS_SHOWN = 8  # of each measurement in a list
FRAMES_SHOWN = 12  # of a movie, where each would be a picture or a row


def visible_projects(user: User, verb: str = permissions.SEE) -> QuerySet[Project]:
    """The projects of the labs in which `user` may do `verb` (by default: see)."""
    return Project.objects.filter(lab__in=permissions.lab_keys(user, verb))


def visible_measurements(user: User, verb: str = permissions.SEE) -> QuerySet[Measurement]:
    """The measurements of the labs in which `user` may do `verb` (by default: see)."""
    labs = permissions.lab_keys(user, verb)
    return Measurement.objects.filter(project__lab__in=labs)


def project_list(user: User) -> QuerySet[Project]:
    """My projects, the one with the newest measurement first, each with its `newest` three."""
    readable = Measurement.objects.filter(revision__gt=0, kind=Measurement.Kind.MAP)
    newest = readable.order_by("-created")[:3]
    return (
        visible_projects(user)
        .select_related("lab")
        .annotate(
            measurement_count=Count(
                "measurements", filter=Q(measurements__kind=Measurement.Kind.MAP)
            ),
            last=Coalesce(Max("measurements__created"), "created"),
        )
        .prefetch_related(Prefetch("measurements", newest, to_attr="newest"))
        .order_by("-last")
    )


def measurement_list(project: Project) -> QuerySet[Measurement]:
    """The maps of `project`, newest first, each with its `newest` runs and how many `more` it has;
    windows stand with their map.
    """
    maps = project.measurements.filter(kind=Measurement.Kind.MAP)
    found = maps.select_related("uploaded_by").order_by("-created")
    newest = Run.objects.only("state", "created", "measurement").order_by("-created")[:RUNS_SHOWN]
    return found.annotate(more=Greatest(Count("runs") - RUNS_SHOWN, 0)).prefetch_related(
        Prefetch("runs", newest, to_attr="newest")
    )


def unfinished_uploads(project: Project, user: User) -> QuerySet[Measurement]:
    """Uploads of `user` into `project` that can be continued, newest first."""
    maps = project.measurements.filter(kind=Measurement.Kind.MAP)
    uploading = maps.filter(uploaded_by=user, state=Measurement.State.UPLOADING)
    return uploading.prefetch_related("files").order_by("-created")


def shown_channels(measurement: Measurement) -> list[str]:
    """The channels that a page shows one by one: all elements; of a movie, the first frames."""
    channels: list[str] = measurement.summary.get("channels", [])
    return channels[:FRAMES_SHOWN] if _is_movie(measurement) else channels


def per_channel(measurement: Measurement) -> list[dict[str, Any]]:
    """What was read of each shown channel, in their order, with `zeros` in percent."""
    rows = measurement.summary.get("per_channel", {})
    return [
        {"element": element, "zeros": 100 * rows[element]["zero_share"], **rows[element]}
        for element in shown_channels(measurement)
    ]


def file_rows(measurement: Measurement) -> list[dict[str, Any]]:
    """What was read of each file with its hash; the frames of a movie in one file are one row."""
    rows: list[dict[str, Any]] = measurement.summary.get("files", [])
    if not _is_movie(measurement):
        return rows
    stacks = [row | {"name": parts.without_page(row["name"])} for row in rows]
    return list({row["name"]: row for row in stacks}.values())


def _is_movie(measurement: Measurement) -> bool:
    return measurement.summary.get("content") == "movie"


def store_folder(measurement: Measurement, revision: int | None = None) -> Place:
    """Where a closed revision lies (a Zarr group), the newest when none is named; number 0 is what
    has arrived of a scan that is open for frames.
    """
    number = measurement.revision if revision is None else revision
    if revision == 0:
        return folders.live(measurement.pk)
    return folders.revision(measurement.pk, number)


def upload_state(measurement: Measurement) -> dict[str, Any]:
    """What has arrived: {"id", "state", "part_bytes", "files": [{"id", "path", "size", "parts"}]}.

    `parts` maps the number of each part that arrived to its SHA-256.
    """
    return {
        "id": str(measurement.pk),
        "state": measurement.state,
        "part_bytes": settings.UPLOAD_PART_BYTES,
        "files": [
            {"id": file.pk, "path": file.name, "size": file.size, "parts": file.parts}
            for file in measurement.files.order_by("name")
        ],
    }
