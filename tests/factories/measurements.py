"""Projects and measurements for tests; a readable one has a real store on disk."""

from itertools import count

import numpy as np
from django.utils import timezone

from fiducial import places
from fiducial.accounts.models import Lab, User
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement, Project, UploadedFile
from workers.measured import Measured
from workers.measurement import Measurement as Map
from workers.readers.summary import summarise
from workers.store import write_measurement

from .people import lab as make_lab
from .people import person

State = Measurement.State
_numbers = count(1)


def project(lab: Lab | None = None, name: str = "") -> Project:
    """A project, in a lab of its own unless one is given."""
    return Project.objects.create(lab=lab or make_lab(), name=name or f"Project {next(_numbers)}")


def uploading(
    project: Project, user: User | None = None, files: dict[str, int] | None = None, name: str = ""
) -> Measurement:
    """An upload that was announced; nothing has arrived."""
    made = Measurement.objects.create(
        project=project, name=name or f"Map {next(_numbers)}", uploaded_by=user or person()
    )
    for path, size in (files or {"Si.txt": 10}).items():
        UploadedFile.objects.create(measurement=made, name=path, size=size)
    return made


def quarantined(project: Project, files: dict[str, bytes], user: User | None = None) -> Measurement:
    """A measurement whose `files` arrived whole and wait for the reader."""
    made = uploading(project, user, {path: len(body) for path, body in files.items()})
    for file in made.files.all():
        path = folders.arrived_file(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[file.name])
        UploadedFile.objects.filter(pk=file.pk).update(complete=True, sha256="0" * 64)
    made.state = State.QUARANTINED
    made.save()
    return made


def counts(
    channels: tuple[str, ...] = ("Si", "Fe"), shape: tuple[int, int] = (24, 32), seed: int = 0
) -> Map:
    """A small map of Poisson counts with a bright disc in it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    disc = (rows - shape[0] / 2) ** 2 + (columns - shape[1] / 2) ** 2 < (shape[0] / 4) ** 2
    mean = np.where(disc, 90.0, 30.0)
    values = np.stack([rng.poisson(mean / (1 + k)) for k in range(len(channels))])
    return Map(
        channels=channels,
        values=values.astype(np.float32),
        mask=np.ones(shape, np.bool_),
        units="counts",
        pixel_size_um=2.0,
        dwell_ms=15.0,
        sampling="binned",
        provenance={"format": "test", "files": []},
    )


def ready(
    project: Project, user: User | None = None, content: Measured | None = None, name: str = ""
) -> Measurement:
    """A measurement that was read: its first revision lies in the store."""
    content = content or counts(seed=next(_numbers))
    made = Measurement.objects.create(
        project=project,
        name=name or f"Map {next(_numbers)}",
        uploaded_by=user or person(),
        state=State.READY,
        state_since=timezone.now(),
        revision=1,
        summary=summary_of(content),
    )
    made.store_path = folders.revision_path(made.pk, 1)
    path = places.here(made.store_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.content_hash = write_measurement(path, content)
    places.keep(made.store_path)
    made.save()
    return made


def summary_of(content: Measured) -> dict[str, object]:
    """What the ingest process would say of `content`."""
    if not isinstance(content, Map):
        return summarise(content)
    per_channel = {
        element: {
            "mean": float(values.mean()),
            "max": float(values.max()),
            "p999": float(np.percentile(values, 99.9)),
            "zero_share": float((values == 0).mean()),
            "variance_factor": 1.0,
        }
        for element, values in zip(content.channels, content.values, strict=True)
    }
    return {
        "channels": list(content.channels),
        "shape": list(content.mask.shape),
        "units": content.units,
        "pixel_size_um": content.pixel_size_um,
        "dwell_ms": content.dwell_ms,
        "current_na": content.current_na,
        "sampling": content.sampling,
        "content": content.content,
        "has_guide": content.guide is not None,
        "guide_factor": content.guide_factor,
        "format": "test",
        "files": [],
        "per_channel": per_channel,
    }
