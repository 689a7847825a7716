"""One lab with a thing of every kind in it, for whoever may ask for them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone

from fiducial.accounts.models import Lab, Membership, User
from fiducial.api.services import create_token
from fiducial.demo.models import Reveal
from fiducial.measurements.models import Measurement
from fiducial.reports import document, sealing
from fiducial.reports.models import Report
from fiducial.review.models import Link, ReviewRequest
from fiducial.runs import folders
from fiducial.runs.models import Run
from tests.factories import (
    audits,
    demo,
    events,
    lessons,
    live,
    measurements,
    people,
    run_store,
    runs,
    scans,
)
from workers.store import RunWriter

ROLES = tuple(reversed(Membership.Role.values))  # from the least to the most


@dataclass(frozen=True)
class Things:
    """A lab whose things are all called after it, its people by role, and its things by kind."""

    name: str
    people: dict[str, User]
    made: dict[str, Any]


def make(name: str) -> Things:
    """A lab called `name` with everything in it."""
    cast = {role: people.person() for role in ROLES}
    run = audits.audited_run(cast["member"], name=f"{name} map")
    lab = run.measurement.project.lab
    lab.name = name
    lab.save()
    for role in set(ROLES) - {"member"}:
        Membership.objects.create(lab=lab, user=cast[role], role=role)
    upload = measurements.uploading(run.measurement.project, cast["member"], name=f"{name} upload")
    placement = run.measurement.placements.get()
    report = _report(run, f"{name} report")
    lesson = lessons.finished(run.measurement, run.measurement)
    made = {
        "lab": lab,
        "lesson": lesson,
        "model": lessons.model(f"{name} model", lesson),
        "person": cast["member"],
        "project": run.measurement.project,
        "measurement": run.measurement,
        "upload": upload,
        "file": upload.files.get(),
        "run": run,
        "running": _running(upload),
        "scan": measurements.ready(
            run.measurement.project, cast["member"], scans.scan(), f"{name} scan"
        ),
        "live": live.opened(
            run.measurement.project, cast["member"], name=f"{name} live"
        ).measurement,
        "events": measurements.ready(
            run.measurement.project, cast["member"], events.read(), f"{name} events"
        ),
        "units": _units(run.measurement),
        "showers": runs.of_events(run.measurement.project, cast["member"], name),
        "object": _object(run.measurement),
        "revealed": _revealed(lab, cast),
        "report": report,
        "link": Link.objects.create(
            token_hash=name, report=report, whom=f"{name} referee", made_by=cast["owner"]
        ),
        "asked": ReviewRequest.objects.create(
            report=report, reviewer=cast["reviewer"], asked_by=cast["owner"], due=date(2030, 1, 1)
        ),
        "placement": placement,
        "rescan": audits.rescanned(placement),
        "passkey": Authenticator.objects.create(
            user=people.person(),  # who asks for nothing: a key is its person's, not a lab's
            type=Authenticator.Type.WEBAUTHN,
            data={"name": f"{name} key", "credential": {}},
        ),
        "token": create_token(user=people.person(), name=f"{name} token", scope="write", days=1)[0],
    }
    return Things(name, cast, made)


def _writer(run: Run, specimen: run_store.Specimen) -> RunWriter:
    shape = specimen.mask.shape
    return RunWriter(
        folders.output(run),
        channels=specimen.channels,
        measured_shape=shape,
        shape=shape,
        samples=0,
        provenance={},
    )


def _running(measurement: Measurement) -> Run:
    """A run that has shown its estimate and nothing else yet."""
    run, specimen = runs.running(measurement), run_store.draw_specimen(factor=1)
    writer = _writer(run, specimen)
    writer.image("mask", specimen.mask)
    writer.image("estimate", specimen.counts)
    return run


def _units(measurement: Measurement) -> Run:
    """A run of one unit; its numbers mean nothing, only who may read them matters."""
    run = runs.run(measurement, recipe="unit-pathways", parameters={})
    run.state, run.finished = Run.State.SUCCEEDED, timezone.now()
    specimen = run_store.draw_specimen(factor=1)
    writer = _writer(run, specimen)
    for name in ("patches", "reconstructed", "canonical"):
        writer.image(name, specimen.counts)
    columns = ("frame", "track", "x", "y", "angle", "arc", "class", "state", "explained", "misfit")
    writer.table("units", {name: specimen.mask[0, :1].astype(int) for name in columns})
    writer.close({"what": "places", "latents": 0})
    run.store_path = folders.output_path(run)
    run.save()
    return run


def _object(measurement: Measurement) -> Run:
    """A run on a scan, with what is asked for by its addresses and nothing more."""
    run = runs.run(measurement, recipe="diffraction", parameters={})
    run.state, run.finished = Run.State.SUCCEEDED, timezone.now()
    specimen = run_store.draw_specimen(factor=1)
    writer = _writer(run, specimen)
    writer.image("mask", specimen.mask)
    writer.image("estimate", specimen.counts[:2])
    none = specimen.mask[0, :0].astype(float)
    for table, columns in {
        "features": ("channel", "y", "x", "risk"),
        "frames": ("index", "row", "column", "used_row", "used_column", "ratio", "held"),
    }.items():
        writer.table(table, dict.fromkeys(columns, none))
    writer.close({"pixel_nm": None})
    run.store_path = folders.output_path(run)
    run.save()
    return run


def _report(run: Run, title: str) -> Report:
    """A report with every file a page asks for; freezing a real one takes seconds."""
    report = Report(run=run, version=1, title=title, frozen_by=run.submitted_by)
    report.path = f"reports/{report.pk}"
    folder = settings.STORE / report.path
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(title.join(document.BODY))
    (folder / "report.pdf").touch()
    report.content_hash = sealing.seal(folder, {"title": title})
    report.save()
    return report


def _revealed(lab: Lab, cast: dict[str, User]) -> Run:
    """A run of the demo whose slow scan everybody in the lab has earned."""
    run = demo.finished_run(cast["member"])
    project = run.measurement.project
    project.lab = run.lab = lab
    project.save()
    run.save()
    for user in cast.values():
        Reveal.objects.create(run=run, user=user, believed=[], score={})
    return run
