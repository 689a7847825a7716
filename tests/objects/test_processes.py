"""Real workers and portals with their arrays in a bucket: they run, die, say so, are backed up."""

import json
from collections.abc import Iterator

import pytest

from tests.factories.facility import Facility
from tests.factories.objects import ObjectServer
from tests.portal.operations.processes import ask
from workers.store import ObjectPlace

QUICK = {"steps": 2, "pause": 0.05}
SLOW = {"steps": 20, "pause": 0.2}
MAKE = """
from fiducial.reports import services as reports
from tests.factories.finished_runs import finished_run
run = finished_run()
report = reports.freeze(run=run, by=run.submitted_by)
answer = {"path": run.store_path, "hash": report.content_hash}
"""
FACTS = """
from django.test import Client
from fiducial.reports import sealing, services as reports
from fiducial.reports.models import Report
report = Report.objects.get()
client = Client(headers={"host": "localhost"})
client.force_login(report.frozen_by)
sealed = sealing.manifest(reports.folder(report))["run"]["content_hash"]
answer = {
    "hash": report.content_hash,
    "broken": sealing.broken(reports.folder(report), report.content_hash),
    "page": client.get(f"/runs/{report.run.pk}/").status_code,
    "run": sealed in client.get(f"/reports/{report.pk}/check/").content.decode(),
}
"""
WHOLE = {"broken": [], "page": 200, "run": True}


def with_bucket(
    home, place: ObjectPlace, server: ObjectServer, template: Facility | None = None
) -> Facility:
    return Facility(home, template, FIDUCIAL_STORE=str(place), **server.environment)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facility]:
    """A portal with tables and nothing in them, to be copied."""
    with Facility(tmp_path_factory.mktemp("tables")) as made:
        assert made.manage("migrate", "--verbosity=0").returncode == 0
        yield made


def test_workers_carry_their_results_away_and_a_killed_one_loses_nothing(
    tmp_path, place: ObjectPlace, server: ObjectServer
) -> None:
    with with_bucket(tmp_path, place, server) as facility:
        facility.seed()
        [quick, slow] = facility.submit(QUICK, SLOW)
        first = facility.worker("first")
        facility.wait_until(quick, "succeeded")
        facility.wait_under_way(slow)
        first.kill()

        facility.worker("second")
        row = facility.wait_until(slow, "succeeded")
        assert (row["attempt"], row["store_path"]) == (2, f"runs/{slow}/2.zarr")
        assert (place / "runs" / quick).children() == ["1.zarr"]
        assert (place / "runs" / slow).children() == ["2.zarr"]
        facility.wait_removed(quick)
        facility.wait_removed(slow)


@pytest.mark.parametrize("wrong", ["away", "no bucket"])
def test_a_portal_whose_bucket_is_out_of_reach_says_so(
    tmp_path, place: ObjectPlace, server: ObjectServer, wrong: str
) -> None:
    environment = {"FIDUCIAL_STORE": str(place), **server.environment}
    ready = (200, {"ready": True, "problems": {}})
    assert ask("/health/ready", tmp_path, **environment) == ready
    assert place.files() == {}
    if wrong == "away":
        server.line.cut()
    else:
        environment["FIDUCIAL_STORE"] = "s3://nobody-made-it/here"
    status, answer = ask("/health/ready", tmp_path, **environment)
    assert (status, list(answer["problems"])) == (503, ["objects"])
    assert answer["problems"]["objects"].startswith("The object store ")
    assert "127.0.0.1" not in json.dumps(answer)


def test_a_backup_names_the_bucket_and_a_restored_portal_reads_from_it(
    tmp_path, place: ObjectPlace, server: ObjectServer, tables: Facility
) -> None:
    with with_bucket(tmp_path / "first", place, server, tables) as first:
        made = first.shell(MAKE)
        (place / "runs" / "old" / "1.zarr" / "zarr.json").write_bytes(b"{}")
        said = first.manage("backup", tmp_path / "monday")
        assert said.returncode == 0, said.stderr
        assert first.shell(FACTS) == {"hash": made["hash"], **WHOLE}
    manifest = json.loads((tmp_path / "monday" / "manifest.json").read_text())
    assert manifest["bucket"] == str(place)
    assert not [name for name in manifest["files"] if name.startswith("store/runs")]
    listed = json.loads((tmp_path / "monday" / "objects.json").read_text())
    assert listed == place.files()

    with Facility(tmp_path / "none", tables) as without:
        said = without.manage("restore", tmp_path / "monday")
        assert f"The arrays of this backup lie in {place}." in said.stderr
    (place / "runs" / "old").remove()
    with with_bucket(tmp_path / "second", place, server, tables) as second:
        said = second.manage("restore", tmp_path / "monday")
        assert said.returncode == 0, said.stderr
        assert "1 arrays of the backup are not in the bucket any more" in said.stderr
        assert "runs/old/1.zarr/zarr.json" in said.stderr
        assert second.shell(FACTS) == {"hash": made["hash"], **WHOLE}


def test_a_backup_of_a_folder_moves_a_portal_into_a_bucket(
    tmp_path, place: ObjectPlace, server: ObjectServer, tables: Facility
) -> None:
    with Facility(tmp_path / "folder", tables) as first:
        made = first.shell(MAKE)
        assert first.manage("backup", tmp_path / "monday").returncode == 0
    with with_bucket(tmp_path / "second", place, server, tables) as second:
        said = second.manage("restore", tmp_path / "monday")
        assert (said.returncode, said.stderr) == (0, "")
        assert second.shell(FACTS) == {"hash": made["hash"], **WHOLE}
        assert (place / made["path"]).exists()
        assert not (tmp_path / "second" / "store" / "runs").exists()
