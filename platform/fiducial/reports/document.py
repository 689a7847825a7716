"""The text of a report: everything it shows, gathered once, and rendered without a request."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from fiducial.viewer import page
from workers.store import RunStore

from . import pdf
from .content import Content

BODY = ("<!--report-->", "<!--/report-->")
STYLE = "reports/report.css"


def gather(
    content: Content,
    run: Run,
    store: RunStore,
    *,
    title: str,
    version: int,
    sealed: datetime,
    by: User,
    run_hash: str,
) -> dict[str, Any]:
    """The context of `reports/document.html`: what every report holds, and its own `content`."""
    return {
        "part": content.template,
        "title": title,
        "version": version,
        "sealed": sealed,
        "by": by.get_full_name() or by.username,
        "run": run,
        "run_hash": run_hash,
        "summary": store.summary,
        "provenance": store.provenance,
        "parameters": page.facts(
            {key: value for key, value in store.provenance.items() if key != "libraries"}
        ),
        "files": run.measurement.summary.get("files", []),
        **content.context,
    }


def rendered(context: dict[str, Any], pdf_name: str | None) -> str:
    """The self-contained HTML; `pdf_name` None says in a sentence why there is no PDF."""
    style = Path(finders.find(STYLE)).read_text(encoding="utf-8")
    return render_to_string(
        "reports/document.html",
        {**context, "style": style, "pdf_name": pdf_name, "pdf_missing": pdf.MISSING},
    )


def body(html: str) -> str:
    """The part of a frozen document that the portal shows inside its own page."""
    start, end = (html.index(mark) for mark in BODY)
    return html[start:end]
