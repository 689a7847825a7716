"""What a reviewer reads of a report: taken out of the very files that were sealed."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from django.utils.html import strip_tags

from fiducial.reports import claims, document
from fiducial.reports.claims import Claim
from fiducial.reports.models import Report
from fiducial.reports.services import folder

MOST = 5  # claims on page one


@dataclass(frozen=True)
class Detail:
    """One entry of `claims.json`: a feature of a map, or one claim about a movie."""

    number: int  # of the entry, from 1
    sentence: str
    trusted: bool  # by the run itself
    because: str
    claim: Claim | None  # of a map, where and how risky

    @property
    def place(self) -> tuple[str, int, int] | None:
        """Element, row and column by which audit windows know a feature."""
        return (self.claim.element, self.claim.y, self.claim.x) if self.claim else None


def of(report: Report) -> list[Detail]:
    """Every detail of a report, the riskiest first; none where the files are gone."""
    found = [
        Detail(
            number=number,
            sentence=entry["sentence"],
            trusted=entry["trusted"],
            because=entry.get("because", ""),
            claim=_claim(entry) if "risk" in entry else None,
        )
        for number, entry in enumerate(_entries(folder(report)), start=1)
    ]
    # Those of maps lie in the order of their risk; a movie's either stand or do not.
    return sorted(found, key=lambda detail: detail.claim is None and detail.trusted)


def claimed(found: list[Detail]) -> list[str]:
    """What the report claims, in at most five sentences, as its own page does."""
    features = [detail.claim for detail in found if detail.claim]
    if features:
        return [claim.sentence for claim in claims.believed(features)][:MOST]
    return [detail.sentence for detail in found if detail.trusted][:MOST]


def guarantee(report: Report, page: str) -> str:
    """The section “What this report guarantees” of the sealed page, as HTML; its words are defined
    at the end of the whole report, which lies at the address `page`."""
    found = _between(report, '<section class="guarantee">', "</section>")
    return found.replace('href="#', f'href="{page}#')


def methods(report: Report) -> str:
    """The methods paragraphs of the sealed page, as text to copy."""
    section = _between(report, "<h2>Methods</h2>", "<h3>Raw data</h3>")
    return " ".join(strip_tags(section.partition("<dl")[0]).split())


def _between(report: Report, start: str, end: str) -> str:
    try:
        body = document.body((folder(report) / "report.html").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return body.partition(start)[2].partition(end)[0]


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = json.loads((folder / "claims.json").read_bytes())
    except (OSError, ValueError):
        return []
    return entries


def _claim(entry: dict[str, Any]) -> Claim:
    return Claim(**{field.name: entry[field.name] for field in fields(Claim)})
