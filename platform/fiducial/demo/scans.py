"""The two short scans on their way from raw counts to a finished run, one small step at a time.

Every step looks at what is there first, so a demo that was stopped goes on from where it was.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from django.conf import settings

from fiducial.accounts.models import User
from fiducial.measurements import services as measurements
from fiducial.measurements.models import Measurement, Project
from fiducial.runs import services as runs
from fiducial.runs.models import Run
from workers.measurement import Measurement as Map
from workers.store import write_measurement

from . import specimen
from .models import SlowScan

RECIPE = "xray-ensemble"


@dataclass(frozen=True)
class Scan:
    """One of the two short scans; `name` is what the portal calls its measurement at first."""

    key: str
    name: str
    factor: int
    sampling: str
    dwell_ms: float
    unit: float  # one count of this run's unit, in sixteenths of a fine pixel's full dwell

    @property
    def parameters(self) -> dict[str, object]:
        return {"factor": self.factor, "sampling": self.sampling}

    @property
    def corrections(self) -> dict[str, object]:
        """What a person in the lab answers because no TIFF states it."""
        return {
            "units": "counts",
            "sampling": self.sampling,
            "dwell_ms": self.dwell_ms,
            "current_na": specimen.CURRENT_NA,
        }


# A fine pixel of the run's estimate is in counts of one measured dwell: 1/16 of the full dwell on
# the fine map, the full dwell on the coarse one.
FINE = Scan(
    key="fine",
    name="Fine map, 1/16 of the dwell",
    factor=1,
    sampling="fine",
    dwell_ms=specimen.DWELL_MS / specimen.PARTS,
    unit=1.0,
)
COARSE = Scan(
    key="coarse",
    name="Coarse map, one pixel in 16",
    factor=specimen.FACTOR,
    sampling="binned",
    dwell_ms=specimen.DWELL_MS,
    unit=float(specimen.PARTS),
)
SCANS = (FINE, COARSE)


@dataclass
class Progress:
    """Where one scan stands, in words for the terminal."""

    words: str
    fraction: float = 0.0
    seconds_left: float | None = None
    run: Run | None = None
    failure: str = ""

    @property
    def done(self) -> bool:
        return self.run is not None and self.run.state == Run.State.SUCCEEDED


def advance(scan: Scan, project: Project, member: User) -> Progress:
    """Take the next step of `scan` if it is ours to take, and say where it stands."""
    sealed = SlowScan.objects.filter(scan=scan.key).select_related("measurement").first()
    measurement = sealed and sealed.measurement
    if measurement is None or measurement.state == Measurement.State.UPLOADING:
        upload(scan, project, member)
        return Progress("uploaded, waiting to be read")
    if measurement.state not in Measurement.FINAL:
        return Progress("being read")
    if not measurement.answers:
        measurements.correct(measurement=measurement, user=member, answers=scan.corrections)
        return Progress("being read again with dwell and current")
    if measurement.state != Measurement.State.READY:
        found = " ".join(problem["what"] for problem in measurement.problems)
        return Progress("not readable", failure=f"{scan.name} could not be read: {found}")
    run = _run_of(measurement)
    if run is None:
        run = runs.submit(
            measurement=measurement,
            recipe=RECIPE,
            parameters=scan.parameters,
            seed=specimen.SEED,
            by=member,
        )
    return _standing(scan, run)


def _run_of(measurement: Measurement) -> Run | None:
    """A finished run if there is one, else the newest: a person may have retried it."""
    found = measurement.runs.filter(recipe=RECIPE).order_by("created")
    return found.filter(state=Run.State.SUCCEEDED).first() or found.last()


def _standing(scan: Scan, run: Run) -> Progress:
    if run.state in (Run.State.FAILED, Run.State.CANCELLED):
        why = run.error or "It was cancelled."
        return Progress(run.state, failure=f"The run of “{scan.name}” {run.state}: {why}")
    if run.state == Run.State.SUCCEEDED:
        return Progress("finished", 1.0, 0.0, run)
    if run.state == Run.State.QUEUED:
        return Progress("waiting for the worker", run=run)
    return Progress(run.stage or "running", run.fraction, run.seconds_left, run)


def upload(scan: Scan, project: Project, member: User) -> Measurement:
    """Send the scan's TIFF files through the portal's own upload, part by part."""
    counts, guide = specimen.read()
    parts = specimen.share_out(counts, np.random.default_rng(specimen.SEED))
    # Electrons are many and X-rays few: beside a coarse map, too, a lab has a fine electron image.
    measured = parts.coarse if scan is COARSE else parts.fine
    folder = settings.HOME / "demo" / scan.key
    files = {path.name: path.read_bytes() for path in specimen.write_maps(folder, measured, guide)}
    measurement, _ = measurements.create_upload(
        project=project,
        user=member,
        name=scan.name,
        files=[(name, len(body)) for name, body in files.items()],
    )
    _seal(scan, measurement, parts.slow)
    for file in measurement.files.all():
        _send(member, file, files[file.name])
    return measurements.complete(user=member, measurement=measurement)


def _send(member: User, file: object, body: bytes) -> None:
    size = settings.UPLOAD_PART_BYTES
    for number, start in enumerate(range(0, len(body), size)):
        part = body[start : start + size]
        digest = hashlib.sha256(part).hexdigest()
        measurements.receive_part(user=member, file=file, number=number, body=part, sha256=digest)


def _seal(scan: Scan, measurement: Measurement, slow: specimen.Counts) -> None:
    """Keep the rest of the beam time beside the measurement, in the units of its run."""
    counts_per_unit = (specimen.PARTS - 2) / scan.unit
    path = f"demo/{measurement.pk}.zarr"
    if not (settings.STORE / path).exists():
        write_measurement(
            settings.STORE / path,
            Map(
                channels=specimen.CHANNELS,
                values=(slow / counts_per_unit).astype(np.float32),
                mask=np.ones(slow.shape[1:], np.bool_),
                units="counts",
                dwell_ms=specimen.DWELL_MS * (specimen.PARTS - 2) / specimen.PARTS,
                current_na=specimen.CURRENT_NA,
                sampling="fine",
                provenance={"origin": "amnh-meteorite-obj1: the counts no short scan was given"},
            ),
        )
    SlowScan.objects.get_or_create(
        scan=scan.key,
        defaults={
            "measurement": measurement,
            "store_path": path,
            "counts_per_unit": counts_per_unit,
        },
    )
