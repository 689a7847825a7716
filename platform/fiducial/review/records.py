"""What is signed: a decision as canonical JSON, so that anybody can build the same bytes again."""

from typing import Any

from fiducial.reports import sealing

from . import signing
from .models import Decision

FORMAT = "fiducial-decision/1"


def record(decision: Decision) -> dict[str, Any]:
    """Everything a decision says, as it is signed."""
    return {
        "format": FORMAT,
        "decision": str(decision.pk),
        "report": str(decision.report_id),
        "version": decision.report.version,
        "content_hash": decision.content_hash,
        "verdict": decision.verdict,
        "remark": decision.remark,
        "by": decision.by_name,
        "affiliation": decision.affiliation,
        "invited_by_link": decision.link_id is not None,
        "when": decision.when.isoformat(timespec="microseconds"),
        "key": decision.key_id,
    }


def signed(decision: Decision) -> bytes:
    """The bytes that are signed."""
    return sealing.canonical(record(decision))


def genuine(decision: Decision) -> bool:
    """Whether the row still says what this facility signed."""
    return decision.key_id == signing.key_id() and signing.holds(
        signed(decision), decision.signature
    )
