"""What is taken away can be checked by others: by OpenSSL, and by readers of RO-Crates."""

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rocrate.rocrate import ROCrate

from fiducial.accounts.models import User
from fiducial.reports import sealing
from fiducial.reports import services as reports
from fiducial.reports.models import Report
from fiducial.review import services
from fiducial.review.visitors import Visitor
from tests.review.conftest import guest, signed_in


@pytest.fixture
def decided(report: Report, reviewer: User) -> Report:
    """A report on which a reviewer decided twice, and a guest once."""
    visitor = Visitor(report, user=reviewer)
    services.mark(visitor=visitor, number=2, verdict="cannot-tell", remark="Too noisy.")
    services.decide(visitor=visitor, verdict="accept")
    services.decide(visitor=visitor, verdict="reject", remark="Größe fehlt.")
    services.decide(
        visitor=guest(report), verdict="accept", name="Ida Noor", affiliation="Uni Bergen"
    )
    return report


@pytest.fixture
def crate(decided: Report, reviewer: User, tmp_path: Path) -> Path:
    """The downloaded crate, unpacked."""
    answer = signed_in(reviewer).get(f"/reports/{decided.pk}/crate.zip")
    assert answer["Content-Disposition"] == 'attachment; filename="zoned-olivine-v1-crate.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def test_json_can_be_checked_with_the_key_it_tells(decided: Report, reviewer: User) -> None:
    told = json.loads(signed_in(reviewer).get(f"/reports/{decided.pk}/decisions.json").getvalue())
    assert told["content_hash"] == decided.content_hash
    assert [one["counts"] for one in told["decisions"]] == [True, True, False]
    assert [one["record"]["by"] for one in told["decisions"]] == ["Ida Noor", "rolf", "rolf"]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["key"]["public"]))
    for one in told["decisions"]:
        assert one["record"]["content_hash"] == decided.content_hash
        key.verify(bytes.fromhex(one["signature"]), sealing.canonical(one["record"]))


def test_crate_is_read_by_the_package_for_crates(crate: Path, decided: Report) -> None:
    read = ROCrate(crate)
    assert read.name == "Zoned olivine, version 1"
    assert read.root_dataset["identifier"] == f"sha256:{decided.content_hash}"
    listed = {entity.id for entity in read.data_entities}
    there = {str(path.relative_to(crate)) for path in crate.rglob("*") if path.is_file()}
    assert listed == there - {"ro-crate-metadata.json"}
    acts = read.root_dataset["mentions"]
    assert sorted(act["agent"]["name"] for act in acts) == ["Ida Noor", "rolf", "rolf"]
    assert {act["result"].id for act in acts} <= listed


def test_report_in_the_crate_is_as_sealed(crate: Path, decided: Report) -> None:
    assert sealing.broken(crate / "report", decided.content_hash) == []


def test_marks_lie_in_the_crate(crate: Path) -> None:
    (mark,) = json.loads((crate / "marks.json").read_bytes())
    assert (mark["detail"], mark["verdict"], mark["by"]) == (2, "cannot-tell", "rolf")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_checks_every_signature_of_the_crate(crate: Path) -> None:
    signed = sorted((crate / "decisions").glob("*.json"))
    assert len(signed) == 3
    for file in signed:
        assert _openssl(crate, file).returncode == 0
    signed[0].write_bytes(signed[0].read_bytes().replace(b"accept", b"reject", 1) + b" ")
    assert _openssl(crate, signed[0]).returncode != 0


def test_exports_are_for_those_who_see_the_report(report: Report) -> None:
    folder = reports.folder(report)
    client = signed_in(report.frozen_by)
    assert client.get(f"/reports/{report.pk}/crate.zip").status_code == 200
    shutil.rmtree(folder)
    assert client.get(f"/reports/{report.pk}/crate.zip").status_code == 404


def _openssl(crate: Path, file: Path) -> subprocess.CompletedProcess[bytes]:
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin"]
    command += ["-inkey", str(crate / "facility-key.pem"), "-in", str(file)]
    command += ["-sigfile", str(file.with_suffix(".sig"))]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)
