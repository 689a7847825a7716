"""Freezing a run into a report that never changes."""

import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.review import asking
from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.trail.services import record
from fiducial.viewer import export, stores
from workers.store import StoreError, content_hash

from . import document, kinds, pdf, sealing, verify
from .models import Report

MAX_TITLE = Report._meta.get_field("title").max_length


def freeze(*, run: Run, by: User, title: str = "") -> Report:
    """Write the next version of the run's report and seal it.

    Refused, in a sentence, for a run that has not succeeded, a person who may not work in its
    lab, a title too long, files that are gone, or a disk that is full; then nothing is kept.
    """
    _may_freeze(run, by)
    title = title.strip() or default_title(run)
    if len(title) > MAX_TITLE:
        raise Refused(f"The title has {len(title)} characters; at most {MAX_TITLE} fit.")
    report = Report(run=run, version=_next_version(run), title=title, frozen_by=by)
    report.path = f"reports/{report.pk}"
    final = settings.STORE / report.path
    partial = final.with_name(f".{final.name}.partial-{uuid.uuid4().hex[:12]}")
    try:
        partial.mkdir(parents=True)
        report.content_hash = _write(partial, report)
        with transaction.atomic():
            report.save(force_insert=True)
            asking.outdate(report)
            record("report.frozen", by=by, lab=run.lab, subject=report)
            partial.rename(final)
    except IntegrityError as clash:
        raise Refused(
            "Somebody froze this run at the same moment; look at theirs first."
        ) from clash
    except (OSError, StoreError) as failure:
        raise Refused(f"The report could not be written: {failure}") from failure
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return report


def default_title(run: Run) -> str:
    """The measurement and what was made of it."""
    return f"{run.measurement.name}, {kinds.of(run).how(run)}"[:MAX_TITLE]


def folder(report: Report) -> Path:
    """Where the report's files lie."""
    return settings.STORE / report.path


def _may_freeze(run: Run, by: User) -> None:
    permissions.require(by, permissions.WORK, run.lab)
    if run.state != Run.State.SUCCEEDED:
        raise Refused("Only a finished run can be frozen; this one has no result yet.")
    if describing.previews(run):
        raise Refused("A preview cannot be frozen: run the scan once it is closed.")
    if not describing.answers(run):
        raise Refused("This run taught a network; freeze a run that asks it about a map.")


def _next_version(run: Run) -> int:
    return (run.reports.aggregate(last=Max("version"))["last"] or 0) + 1


def _write(target: Path, report: Report) -> str:
    """All files of the report, then their seal; returns the report's content hash."""
    run, sealed = report.run, timezone.now()
    store = stores.of_run(run)
    run_hash = content_hash(store.path)
    content = kinds.of(run).content(run, store)
    context = document.gather(
        content,
        run,
        store,
        title=report.title,
        version=report.version,
        sealed=sealed,
        by=report.frozen_by,
        run_hash=run_hash,
    )
    # First as if it could be printed: the PDF shall not say that it is missing.
    printed = pdf.printed(document.rendered(context, "report.pdf"))
    if printed:
        (target / "report.pdf").write_bytes(printed)
    html = document.rendered(context, "report.pdf" if printed else None)
    (target / "report.html").write_text(html, encoding="utf-8")
    (target / "provenance.json").write_bytes(export.provenance(store))
    for name, data in content.files.items():
        (target / name).write_bytes(data)
    shutil.copyfile(verify.__file__, target / "verify.py")
    measurement = run.measurement
    return sealing.seal(
        target,
        {
            "report": str(report.pk),
            "title": report.title,
            "version": report.version,
            "sealed": sealed.isoformat(timespec="seconds"),
            "frozen_by": report.frozen_by.username,
            "run": {"id": str(run.pk), "recipe": run.recipe, "content_hash": run_hash},
            "measurement": {
                "id": str(measurement.pk),
                "revision": run.measurement_revision,
                "content_hash": measurement.content_hash,
            },
        },
    )
