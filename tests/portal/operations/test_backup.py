"""What a backup holds is served again, elsewhere, as it was; anything less is refused."""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.factories.facility import ROOT, Facility

MAKE = """
from django.conf import settings
from fiducial.measurements import folders
from fiducial.reports import services as reports
from fiducial.trail.models import Entry
from fiducial.review.services import decide
from fiducial.review.visitors import Visitor
from tests.factories.finished_runs import finished_run
from tests.factories.measurements import uploading
from tests.factories.people import person
from tests.review.conftest import colleague
from workers.store.files import NewFolder
run = finished_run(person("ada"))
report = reports.freeze(run=run, by=User.objects.get(username="ada"), title="Iron")
rolf = colleague(report, "rolf", "reviewer")
decide(visitor=Visitor(report, user=rolf), verdict="reject", remark="The rim is not there.")
upload = uploading(run.measurement.project, run.submitted_by)
part = folders.arriving_file(upload.files.get())
part.parent.mkdir(parents=True)
part.write_bytes(b"0123")
(NewFolder(settings.STORE / "runs" / "1.zarr").partial / "c").write_bytes(b"half")
answer = {"report": str(report.pk), "hash": report.content_hash, "part": str(part)}
"""
FACTS = """
from fiducial.reports.models import Report
from fiducial.reports import sealing, services as reports
from fiducial.review import records
from fiducial.trail.models import Entry
report = Report.objects.get()
answer = {
    "frozen": report.frozen.isoformat(),
    "hash": report.content_hash,
    "genuine": [records.genuine(decision) for decision in report.decisions.all()],
    "broken": sealing.broken(reports.folder(report), report.content_hash),
    "trail": [[e.when.isoformat(), e.action, e.by_name] for e in Entry.objects.all()],
    "people": [[u.username, u.password] for u in User.objects.order_by("pk")],
    "runs": [[str(r.pk), r.state, r.created.isoformat()] for r in Run.objects.all()],
}
"""
LINK = """
from fiducial.accounts.services import one_time_link
answer = one_time_link(user=User.objects.get(username="ada"), next_url="/reports/{report}/")
"""
MORE = """
from tests.factories.people import person
answer = person("later").pk
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A portal with tables and nothing in them, to be copied."""
    with Facility(tmp_path_factory.mktemp("tables")) as portal:
        assert portal.manage("migrate", "--verbosity=0").returncode == 0
        yield portal


@pytest.fixture(scope="module")
def saved(tmp_path_factory, tables):
    """A portal with a frozen report, what it is made of, and its backup."""
    home = tmp_path_factory.mktemp("first")
    with Facility(home, tables) as portal:
        made = portal.shell(MAKE)
        folder = home / "backups" / "monday"
        said = portal.manage("backup", folder)
        assert said.returncode == 0, said.stderr
        yield portal, folder, made


@pytest.fixture
def empty(tmp_path, tables):
    """Another portal with its own home and database, and nothing in it."""
    with Facility(tmp_path / "second", tables) as portal:
        yield portal


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of the backup, to be damaged."""
    return shutil.copytree(saved[1], tmp_path / "copy")


def page_of(portal: Facility, report: str) -> str:
    server, address = portal.portal()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(address + portal.shell(LINK.format(report=report))) as page:
        assert page.url.endswith(f"/reports/{report}/")
        text = page.read().decode()
    server.stop()
    return text


def test_a_restored_portal_serves_the_same_report_with_the_same_hash(saved, empty):
    first, folder, made = saved
    said = empty.manage("restore", folder)
    assert said.returncode == 0, said.stderr
    before, after = first.shell(FACTS), empty.shell(FACTS)
    assert after == before
    assert (after["hash"], after["broken"]) == (made["hash"], [])
    assert after["genuine"] == [True]
    assert made["hash"] in page_of(empty, made["report"])
    assert Path(made["part"].replace(str(first.home), str(empty.home))).read_bytes() == b"0123"
    # New rows get new keys, also where the database counts by itself.
    assert empty.shell(MORE) > len(before["people"])


def test_a_backup_of_sqlite_is_restored_into_the_database_of_this_facility(empty, tmp_path):
    home = tmp_path / "small"
    sqlite = {"FIDUCIAL_DATABASE_URL": f"sqlite:///{home / 'fiducial.sqlite3'}"}
    with Facility(home, **sqlite) as small:
        assert small.manage("migrate", "--verbosity=0").returncode == 0
        small.shell(MAKE)
        assert small.manage("backup", home / "saved").returncode == 0
        before = small.shell(FACTS)
    said = empty.manage("restore", home / "saved")
    assert said.returncode == 0, said.stderr
    assert empty.shell(FACTS) == before


def test_a_backup_holds_finished_files_only_and_the_hash_of_each(saved):
    _, folder, _ = saved
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == there - {"manifest.json"}
    assert not [name for name in there if "partial" in name]
    assert folder.stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    assert "sessions.session" not in {line["model"] for line in lines}


def test_a_backup_is_never_overwritten(saved):
    portal, folder, _ = saved
    said = portal.manage("backup", folder)
    assert said.returncode == 1
    assert "exists already" in said.stderr


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"), "has changed"),
        (lambda path: path.unlink(), "is missing"),
    ],
)
def test_a_damaged_backup_is_refused_and_the_file_named(copy, empty, damage, sentence):
    name = next(
        name
        for name in json.loads((copy / "manifest.json").read_text())["files"]
        if name.endswith("report.html")
    )
    damage(copy / name)
    said = empty.manage("restore", copy)
    assert said.returncode == 1
    assert f"The backup is damaged: {name} {sentence}. Nothing was restored." in said.stderr
    assert not empty.store.exists() or not any(empty.store.iterdir())


def test_a_backup_of_another_version_is_refused(copy, empty):
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["migrations"].append("runs.9999_later")
    path.write_text(json.dumps(manifest))
    assert "another version" in empty.manage("restore", copy).stderr


def test_a_folder_that_is_no_backup_is_refused(tmp_path, empty):
    assert "is no backup" in empty.manage("restore", tmp_path).stderr


def test_a_portal_that_holds_something_is_not_restored_into(saved):
    portal, folder, _ = saved
    said = portal.manage("restore", folder)
    assert said.returncode == 1
    assert "This portal is not empty" in said.stderr


def test_rows_that_do_not_fit_leave_the_portal_empty(copy, empty):
    rows, path = copy / "rows.jsonl", copy / "manifest.json"
    rows.write_text(rows.read_text().replace('"username": "ada"', '"nickname": "ada"'))
    manifest = json.loads(path.read_text())
    digest = subprocess.run(["sha256sum", rows], capture_output=True, text=True, check=True).stdout
    manifest["files"]["rows.jsonl"] = digest.split()[0]
    path.write_text(json.dumps(manifest))
    assert empty.manage("restore", copy).returncode == 1
    assert empty.query("SELECT count(*) FROM accounts_user") == [(0,)]
    assert not any(empty.store.iterdir())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_backup_leaves_no_half_backup(saved, tmp_path, how):
    portal, _, _ = saved
    pipe = portal.store / "reports" / "endless"  # reading it waits, until the backup is stopped
    subprocess.run(["mkfifo", pipe], check=True)
    folder = tmp_path / "tuesday"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup", folder], env=portal._environment(), cwd=ROOT
    )
    try:
        partial = tmp_path / ".tuesday.partial"
        deadline = time.monotonic() + 60
        while not (partial / "rows.jsonl").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(how)
        assert process.wait(timeout=60) != 0
    finally:
        process.kill()
        pipe.unlink()
    assert not folder.exists()
    assert partial.exists() == (how == signal.SIGKILL)
    assert portal.manage("backup", folder).returncode == 0
    assert not partial.exists()
