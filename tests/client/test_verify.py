"""A report is fetched with its seal, and checked offline by the very code it carries."""

import zipfile
from pathlib import Path

import pytest

from fiducial.reports import verify as carried
from fiducial_client import check, cli
from fiducial_client import verify as ours
from tests.factories import finished_runs


@pytest.fixture
def run(member):
    return finished_runs.finished_run(member)


@pytest.fixture
def fetched(typed, run, tmp_path) -> tuple[Path, str]:
    status, file, told = typed("fetch", run.pk, "--freeze", "--to", tmp_path)
    assert status == 0, told
    assert "As sealed." in told
    return Path(file), run.reports.get().content_hash


def rewritten(report: Path, name: str, content: bytes) -> Path:
    """The same zip with one file replaced."""
    forged = report.with_name("forged.zip")
    with zipfile.ZipFile(report) as old, zipfile.ZipFile(forged, "w") as new:
        for info in old.infolist():
            mine = info.filename.endswith(f"/{name}")
            new.writestr(info, content if mine else old.read(info))
    return forged


def test_there_is_one_check_and_not_two():
    assert Path(ours.__file__).resolve() == Path(carried.__file__).resolve()


def test_a_report_is_verified_offline(fetched, capsys, monkeypatch):
    report, digest = fetched
    for known in ("FIDUCIAL_URL", "FIDUCIAL_TOKEN"):
        monkeypatch.delenv(known)
    assert cli.main(["verify", str(report)]) == 0
    assert cli.main(["verify", str(report), "--hash", digest]) == 0
    printed, told = capsys.readouterr()
    assert printed.split() == [digest, digest]
    assert told.count("Compare this hash") == 1


def test_an_unpacked_report_is_verified_too(fetched, tmp_path):
    report, digest = fetched
    with zipfile.ZipFile(report) as packed:
        packed.extractall(tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    assert check(folder, digest).holds
    (folder / "added.txt").write_text("x")
    assert check(folder).problems == ("added.txt was added after the report was sealed.",)


@pytest.mark.parametrize("name", ["report.html", "provenance.json", "verify.py"])
def test_a_tampered_report_is_caught(fetched, typed, name):
    forged = rewritten(fetched[0], name, b"print('As sealed.')")
    status, _, told = typed("verify", forged)
    assert status == 1
    assert f"NOT AS SEALED: {name} was changed" in told


def test_a_forged_manifest_is_caught_by_the_hash_of_the_page(fetched, typed):
    report, digest = fetched
    with zipfile.ZipFile(report) as packed:
        [manifest] = [name for name in packed.namelist() if name.endswith("manifest.json")]
        text = packed.read(manifest)
    forged = rewritten(report, "manifest.json", text.replace(b'"version":1', b'"version":2'))
    assert typed("verify", forged)[0] == 0
    status, _, told = typed("verify", forged, "--hash", digest)
    assert status == 1
    assert "manifest.json was changed" in told


def test_what_is_no_report_is_told(typed, tmp_path):
    (tmp_path / "half.zip").write_bytes(b"PK half a zip")
    assert typed("verify", tmp_path / "half.zip")[0] == 1
    (tmp_path / "empty").mkdir()
    status, _, told = typed("verify", tmp_path / "empty")
    assert status == 1
    assert "manifest.json is missing" in told
    assert typed("verify", tmp_path / "none.zip")[0] == 3


def test_a_run_without_a_report_says_how_to_get_one(typed, run, tmp_path):
    status, _, told = typed("fetch", run.pk, "--to", tmp_path)
    assert status == 3
    assert "freeze one with --freeze" in told
