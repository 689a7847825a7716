"""The whole path with arrays in a bucket: upload, run, tile, report, verify, delete."""

import io
import threading
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from fiducial import places
from fiducial.measurements import services as measurements
from fiducial.measurements.models import Measurement
from fiducial.operations import bucket
from fiducial.reports import sealing
from fiducial.reports import services as reports
from fiducial.runs import beside, carrying, folders, services, sweeper
from fiducial.runs.models import Run
from fiducial.runs.watch import Watch
from fiducial.runs.work import work_one
from tests.factories import lessons, people, runs
from tests.factories.finished_runs import finished_run
from tests.factories.measurements import counts, project, quarantined, ready
from tests.factories.objects import ObjectServer
from tests.recipes.toy import RECIPE
from workers.recipes.catalogue import RECIPES
from workers.store import ObjectPlace, RunStore, content_hash

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)


def text_maps(shape: tuple[int, int] = (24, 24)) -> dict[str, bytes]:
    """Files of two elements as a microscope writes them."""
    content = counts(shape=shape, seed=1)
    return {
        f"{element}.txt": "\n".join("\t".join(f"{n:.0f}" for n in row) for row in rows).encode()
        for element, rows in zip(content.channels, content.values, strict=True)
    }


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def on_this_machine(settings) -> set[str]:
    """Every file of the store that lies here and not in the bucket."""
    root: Path = settings.STORE
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def uploaded(member) -> Measurement:
    """A map that was sent, read and answered for."""
    made = quarantined(project(people.lab(member=member)), text_maps(), member)
    assert measurements.ingest(measurement_id=made.pk)
    made.refresh_from_db()
    measurements.correct(
        measurement=made, user=member, answers={"units": "counts", "sampling": "binned"}
    )
    assert measurements.ingest(measurement_id=made.pk)
    made.refresh_from_db()
    return made


def test_from_upload_to_a_report_that_is_checked(store: ObjectPlace, settings, tmp_path) -> None:
    member = people.person()
    made = uploaded(member)
    assert made.state == "ready"
    assert content_hash(store / made.store_path) == made.content_hash
    assert {name.split("/")[2] for name in store.files()} == {"r1.zarr", "r2.zarr"}
    sent = f"quarantine/{made.pk}/files"
    assert on_this_machine(settings) == {f"{sent}/{name}" for name in text_maps()}

    run = services.submit(
        measurement=made,
        recipe="xray-ensemble",
        parameters={"factor": 2, "sampling": "binned", "samples": 16},
        seed=1,
        by=member,
    )
    work_one("cpu@here")
    run.refresh_from_db()
    assert (run.state, run.error) == ("succeeded", "")
    result = RunStore(store / run.store_path)
    assert result.provenance["measurement"]["content_hash"] == made.content_hash
    assert run.size == sum((store / run.store_path).files().values())
    assert list((settings.STORE / "runs").iterdir()) == []

    client = signed_in(member)
    assert client.get(f"/runs/{run.pk}/").status_code == 200
    tile = client.get(f"/runs/{run.pk}/tile/estimate/0/0/0/0")
    shape = tuple(map(int, tile["X-Tile-Shape"].split(",")))
    shown = np.frombuffer(tile.content, np.float32).reshape(shape)
    inside = np.isfinite(shown)
    np.testing.assert_array_equal(shown[inside], result.image("estimate")[0][inside])

    report = reports.freeze(run=run, by=member)
    assert sealing.broken(reports.folder(report), report.content_hash) == []
    sealed = sealing.manifest(reports.folder(report))["run"]["content_hash"]
    assert sealed in client.get(f"/reports/{report.pk}/check/").content.decode()

    # Whoever takes the run away has, in a folder, what was sealed in the bucket.
    pieces = client.get(f"/runs/{run.pk}/download/ome-zarr").streaming_content
    zipfile.ZipFile(io.BytesIO(b"".join(pieces))).extractall(tmp_path / "taken")
    assert content_hash(tmp_path / "taken" / "run.ome.zarr") == sealed


def test_a_changed_object_is_found_by_the_seal(store: ObjectPlace) -> None:
    run = finished_run()
    report = reports.freeze(run=run, by=run.submitted_by)
    page = f"/reports/{report.pk}/check/"
    client = signed_in(run.submitted_by)
    right = client.get(page).content
    (store / run.store_path / "stray").write_bytes(b"x")
    assert client.get(page).content != right


def test_a_deleted_measurement_leaves_nothing(store: ObjectPlace, settings) -> None:
    member = people.person()
    made = quarantined(project(people.lab(member=member)), text_maps(), member)
    measurements.ingest(measurement_id=made.pk)
    assert store.files()
    measurements.delete(measurement=Measurement.objects.get(), user=member)
    assert store.files() == {}
    assert on_this_machine(settings) == set()


def test_results_go_by_the_rule_and_what_was_left_behind_goes_with_them(
    store: ObjectPlace, settings, capsys
) -> None:
    run = finished_run()
    Run.objects.update(finished=timezone.now() - timedelta(days=40))
    settings.KEEP_RESULTS_DAYS = 30
    (store / "runs" / "lost" / "1.zarr" / "zarr.json").write_bytes(b"{}")
    call_command("retention", "--preview")
    assert "left behind" not in capsys.readouterr().out  # it may be on its way to a row
    assert (store / run.store_path).exists()

    call_command("retention", "--apply")
    assert not (store / run.store_path).exists()
    assert (store / run.measurement.store_path).exists()


def test_what_no_row_speaks_of_is_removed_after_a_day(
    store: ObjectPlace, monkeypatch, capsys
) -> None:
    run = finished_run()
    (store / "runs" / "lost" / "1.zarr" / "zarr.json").write_bytes(b"{}")
    (store / "letters" / "of-somebody-else").write_bytes(b"x")
    monkeypatch.setattr(bucket, "SETTLED", timedelta(days=-1))  # as though a day had passed
    call_command("retention", "--apply")
    assert f"left behind: {store}/runs/lost/1.zarr" in capsys.readouterr().out
    assert store.children() == ["letters", "measurements", "runs"]
    assert (store / "runs").children() == [str(run.pk)]
    assert (store / run.store_path).exists()


def toy_run(member=None) -> Run:
    member = member or people.person()
    made = ready(project(people.lab(member=member)), member)
    return services.submit(
        measurement=made, recipe="toy", parameters={"steps": 2, "pause": 0.0}, seed=7, by=member
    )


def test_a_store_that_is_away_when_a_result_is_done_ends_the_run_with_the_reason(
    store: ObjectPlace, settings, server: ObjectServer, monkeypatch
) -> None:
    settings.OBJECTS_PATIENCE_SECONDS = 1.0
    run = toy_run()
    _when_computed(monkeypatch, server.line.cut)
    work_one("cpu@here")
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.error.startswith("The object store does not answer. It was tried for 1 s. Nothing")
    server.line.mend()

    again = services.retry(run=run, by=run.submitted_by)
    monkeypatch.undo()
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    work_one("cpu@here")
    again.refresh_from_db()
    assert again.state == "succeeded"
    assert (store / "runs").children() == [str(again.pk)]


def test_a_store_that_comes_back_in_time_gets_the_result(
    store: ObjectPlace, server: ObjectServer, monkeypatch
) -> None:
    def away_for_a_while() -> None:
        server.line.cut()
        threading.Timer(2.0, server.line.mend).start()

    run = toy_run()
    _when_computed(monkeypatch, away_for_a_while)
    work_one("cpu@here")
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("succeeded", 1)
    assert (store / run.store_path).exists()


def _when_computed(monkeypatch: pytest.MonkeyPatch, then) -> None:
    """Do something between the end of the numerics and the carrying of their result."""
    keep = carrying.keep

    def first(run, watch) -> None:
        then()
        keep(run, watch)

    monkeypatch.setattr(carrying, "keep", first)


def test_what_a_lost_worker_had_carried_is_swept(store: ObjectPlace) -> None:
    run = toy_run()
    lost = runs.running(run.measurement, lease=-1)
    (folders.result(lost) / "zarr.json").write_bytes(b"half")
    sweeper.end_expired_leases()
    lost.refresh_from_db()
    assert lost.state == "queued"
    Run.objects.filter(pk=run.pk).update(state="cancelled")
    work_one("cpu@here")
    lost.refresh_from_db()
    assert (lost.state, lost.token) == ("succeeded", 2)
    sweeper.remove_debris()
    assert (store / "runs" / str(lost.pk)).children() == ["2.zarr"]


def test_a_map_that_was_read_while_the_store_is_away_is_read_again(
    store: ObjectPlace, settings, server: ObjectServer
) -> None:
    settings.OBJECTS_PATIENCE_SECONDS = 1.0
    member = people.person()
    made = quarantined(project(people.lab(member=member)), text_maps(), member)
    server.line.cut()
    measurements.ingest(measurement_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.ingest_losses) == ("quarantined", 0)
    server.line.mend()
    measurements.ingest(measurement_id=made.pk)
    made.refresh_from_db()
    assert made.revision == 1
    assert (store / "measurements" / str(made.pk)).children() == ["r1.zarr"]


def test_a_page_says_that_the_store_is_away_and_not_that_files_are_gone(
    store: ObjectPlace, server: ObjectServer
) -> None:
    run = finished_run()
    client = signed_in(run.submitted_by)
    server.line.cut()
    page = client.get(f"/runs/{run.pk}/")
    assert page.status_code == 503
    assert "The object store does not answer." in page.content.decode()
    tile = client.get(f"/runs/{run.pk}/tile/estimate/0/0/0/0")
    assert tile.status_code == 503
    program = client.get(f"/api/v1/runs/{run.pk}/files/provenance")
    assert program.status_code in (404, 503)
    server.line.mend()
    assert client.get(f"/runs/{run.pk}/").status_code == 200


def test_a_taught_network_is_kept_in_the_bucket(store: ObjectPlace) -> None:
    model = lessons.model()
    weights, _ = model.weights
    assert model.folder == store / "models" / str(model.pk)
    assert (model.folder / weights).read_bytes() == lessons.WEIGHTS
    assert not (places.here(model.path)).exists()
    curve = signed_in(model.kept_by).get(f"/models/{model.pk}/curve/")
    assert curve.status_code == 200


def test_a_lesson_gets_files_of_this_machine(store: ObjectPlace) -> None:
    on, judge = lessons.pair()
    run = runs.running(on, recipe="teach", parameters={"judge": f"{judge.pk}@1", "scale": 2})
    with Watch(run) as watch, carrying.inputs(run, watch) as local:
        found = Path(beside.located(run, local)["judge"])
        assert content_hash(found) == judge.content_hash
        assert not local(store / "measurements" / "gone.zarr").exists()
    assert not found.exists()


def test_a_run_waits_for_the_store_that_its_map_lies_in(
    store: ObjectPlace, server: ObjectServer
) -> None:
    run = toy_run()
    server.line.cut()
    threading.Timer(2.0, server.line.mend).start()
    work_one("cpu@here")
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("succeeded", 1)


def test_usage_counts_what_lies_in_the_bucket(store: ObjectPlace) -> None:
    run = finished_run()
    kept = sum((store / run.store_path).files().values())
    Run.objects.update(size=kept)
    mine = run.measurement.project.lab
    table = signed_in(people.person(is_operator=True)).get(f"/labs/{mine.pk}/usage.csv")
    assert int(table.content.decode().split(",")[-1]) == sum(store.files().values())
