"""A report of a finished run."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from fiducial.accounts.models import User
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.runs.models import Run

SEALED: dict[str, Any] = {}  # a report that was frozen once, and a copy of its files


def frozen(run: Run, by: User) -> Report:
    """A first report of a run, as sealed once for all tests: printing takes most of the time."""
    if not SEALED:
        made = reports.freeze(run=run, by=by, title="Zoned olivine")
        copy = Path(tempfile.mkdtemp(prefix="fiducial-test-report-")) / "report"
        shutil.copytree(reports.folder(made), copy)
        SEALED.update(id=made.pk, content_hash=made.content_hash, path=made.path, copy=copy)
        return made
    facts = {name: SEALED[name] for name in ("id", "content_hash", "path")}
    report = Report(run=run, version=1, title="Zoned olivine", frozen_by=by, **facts)
    report.save(force_insert=True)
    shutil.rmtree(reports.folder(report), ignore_errors=True)
    shutil.copytree(SEALED["copy"], reports.folder(report))
    return report
