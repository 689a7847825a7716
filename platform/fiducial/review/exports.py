"""Decisions to take away: as signed JSON, and with the report as an RO-Crate.

The crate's metadata are written here rather than by the package `rocrate`: that would bring an
HTTP client and a template engine into every web process for one short document, and would date the
crate by the clock instead of by the seal. The tests read the crate with that package.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fiducial.reports import sealing
from fiducial.reports.models import Report
from fiducial.reports.services import folder

from . import queries, records, signing
from .queries import Standing

FORMAT = "fiducial-decisions/1"
PROFILE = "https://w3id.org/ro/crate/1.1"
KEY = "facility-key.pem"
KINDS = {
    ".html": "text/html",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".py": "text/x-python",
}


def decisions(report: Report) -> bytes:
    """Every decision on a report with its signature, and the key to check them with."""
    return sealing.readable(
        {
            "format": FORMAT,
            "report": str(report.pk),
            "version": report.version,
            "content_hash": report.content_hash,
            "superseded": queries.superseded(report),
            "key": {"id": signing.key_id(), "algorithm": "Ed25519", "public": signing.public_key()},
            "signed": "canonical JSON of `record`: sorted keys, no spaces, UTF-8",
            "decisions": [
                {
                    "record": records.record(one.decision),
                    "signature": one.decision.signature,
                    "counts": one.counts,
                }
                for one in queries.standings(report)
            ],
        }
    )


def marks(report: Report) -> bytes:
    """Everything that was said of the details of a report, in the order of time; not signed."""
    return sealing.readable(
        [
            {
                "detail": mark.number,
                "verdict": mark.verdict,
                "remark": mark.remark,
                "by": mark.by_name,
                "when": mark.when.isoformat(timespec="seconds"),
            }
            for mark in report.marks.all()
        ]
    )


def crate(report: Report) -> Iterator[tuple[str, bytes]]:
    """The files of an RO-Crate as (name, content): the report as it was sealed, and what was said.

    A decision lies there as the very bytes that were signed, beside its signature (64 bytes), so
    that OpenSSL checks it with the key that lies there too.
    """
    standings = queries.standings(report)
    sealed = sorted(path for path in folder(report).iterdir() if path.is_file())
    yield "ro-crate-metadata.json", sealing.readable(_metadata(report, sealed, standings))
    for path in sealed:
        yield f"report/{path.name}", path.read_bytes()
    for one in standings:
        yield f"decisions/{one.decision.pk}.json", records.signed(one.decision)
        yield f"decisions/{one.decision.pk}.sig", bytes.fromhex(one.decision.signature)
    yield "decisions.json", decisions(report)
    yield "marks.json", marks(report)
    yield KEY, signing.public_pem().encode()


def _metadata(report: Report, sealed: list[Path], standings: list[Standing]) -> dict[str, Any]:
    files = [_file(f"report/{path.name}", KINDS.get(path.suffix, "")) for path in sealed]
    files += [
        _file("decisions.json", "application/json", "Every decision with its signature"),
        _file("marks.json", "application/json", "What reviewers said of single details"),
        _file(KEY, "application/x-pem-file", "Public key of the facility that signed"),
    ]
    for one in standings:
        name = f"decisions/{one.decision.pk}"
        files.append(_file(f"{name}.json", "application/json", "A decision, as it was signed"))
        files.append(_file(f"{name}.sig", "application/octet-stream", "Ed25519 signature of it"))
    people = {_person(one)["@id"]: _person(one) for one in standings}
    acts = [_act(one) for one in standings]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{report.title}, version {report.version}",
        "description": "A frozen report with the decisions on it.",
        "datePublished": report.frozen.isoformat(timespec="seconds"),
        "identifier": f"sha256:{report.content_hash}",
        "license": "All rights are with the lab that froze the report.",
        "hasPart": [{"@id": file["@id"]} for file in files],
        "mentions": [{"@id": act["@id"]} for act in acts],
    }
    about = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    graph = [about, root, *files, *people.values(), *acts]
    return {"@context": f"{PROFILE}/context", "@graph": graph}


def _file(name: str, kind: str, words: str = "") -> dict[str, Any]:
    facts = {"@id": name, "@type": "File", "encodingFormat": kind, "name": words}
    return {key: value for key, value in facts.items() if value}


def _person(one: Standing) -> dict[str, Any]:
    decision = one.decision
    name = "#" + quote(f"{decision.voice}-{decision.by_name}".replace(" ", "-"))
    person = {"@id": name, "@type": "Person", "name": decision.by_name}
    return person | {"affiliation": decision.affiliation}


def _act(one: Standing) -> dict[str, Any]:
    decision = one.decision
    return {
        "@id": f"#decision-{decision.pk}",
        "@type": "ReviewAction",
        "name": decision.get_verdict_display(),
        "description": decision.remark or decision.get_verdict_display(),
        "agent": {"@id": _person(one)["@id"]},
        "object": {"@id": "report/manifest.json"},
        "result": {"@id": f"decisions/{decision.pk}.json"},
        "endTime": decision.when.isoformat(timespec="seconds"),
    }
