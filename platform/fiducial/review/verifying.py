"""Whether this portal sealed a report, and whether somebody's copy is still what was sealed."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

from fiducial.errors import Refused
from fiducial.reports import sealing, verify
from fiducial.reports.models import Report
from fiducial.reports.services import folder

from . import archive, blinding, queries
from .queries import Standing

HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Finding:
    """What was found out about a content hash, and about a copy of the files if one was brought."""

    content_hash: str
    report: Report | None  # None: this portal sealed no report of that hash
    brought: bool  # a copy: `problems` are those of it, otherwise of the portal's own files
    problems: list[str]
    standings: list[Standing] = field(default_factory=list)
    superseded: str = ""
    blinded: str = ""  # why decisions are not told

    @property
    def holds(self) -> bool:
        """Whether it is what this portal sealed, to the last byte."""
        return self.report is not None and not self.problems


def of_hash(text: str) -> Finding:
    """Look a content hash up, and check the portal's own files. Refused when it is no hash."""
    content_hash = text.strip().lower()
    if not HASH.fullmatch(content_hash):
        raise Refused("A content hash has 64 characters, 0 to 9 and a to f; copy all of it.")
    report = _sealed(content_hash)
    broken = sealing.broken(folder(report), content_hash) if report else []
    return _finding(content_hash, report, False, broken)


def of_zip(file: BinaryIO) -> Finding:
    """Hash every file of a report's zip again. Refused where it cannot be read."""
    looked = archive.look(file)
    facts = _facts(looked.manifest)
    content_hash = verify.sha256(looked.manifest)
    report, problems = _sealed(content_hash), list(verify.differences(facts["files"], looked.files))
    if report is None and _is_ours(facts.get("report")):
        problems.append("manifest.json was changed: this portal sealed that report otherwise.")
    return _finding(content_hash, report, True, problems)


def _finding(
    content_hash: str, report: Report | None, brought: bool, problems: list[str]
) -> Finding:
    if report is None:
        return Finding(content_hash, None, brought, problems)
    blinded, superseded = blinding.under_way(report), queries.superseded(report)
    standings = [] if blinded else queries.standings(report)
    return Finding(content_hash, report, brought, problems, standings, superseded, blinded)


def _sealed(content_hash: str) -> Report | None:
    return Report.objects.filter(content_hash=content_hash).select_related("run").first()


def _facts(manifest: bytes) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(manifest)
        pairs = [*facts["files"].items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Refused("Its manifest.json cannot be read, so nothing can be checked.") from fault
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise Refused("Its manifest.json is not one that this portal writes.")
    return facts


def _is_ours(report: Any) -> bool:
    try:
        return Report.objects.filter(pk=UUID(report)).exists()
    except (ValueError, TypeError, AttributeError):
        return False
