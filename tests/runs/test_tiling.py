"""A large run is shared among workers: its tiles are rows, and the last to close one finishes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import inf

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from fiducial.measurements.models import Measurement
from fiducial.operate import services as operators
from fiducial.operations.usage import monthly
from fiducial.runs import folders, leases, services, sweeper, tickets, tiling, turns, use, work
from fiducial.runs.models import Run, Tile
from tests.factories import measurements, people, runs
from tests.recipes.toy_tiled import RECIPE
from workers.recipes.catalogue import RECIPES

TILES = 4


@pytest.fixture(autouse=True)
def tiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)


@pytest.fixture
def run(measurement: Measurement) -> Run:
    return large(measurement)


def large(measurement: Measurement, **facts: object) -> Run:
    """A queued run of four tiles."""
    return runs.run(
        measurement,
        recipe="toy-tiled",
        parameters={"tiles": TILES, "pause": 0.0, "mood": "well", **facts},
        estimated=10.0,
    )


def shared(run: Run) -> Run:
    """`run`, claimed and let go in favour of its tiles."""
    assert tiling.spread(leases.claim("gpu0@here"))
    run.refresh_from_db()
    return run


def states(run: Run) -> list[str]:
    return list(run.tiles.order_by("number").values_list("state", flat=True))


def test_a_large_run_is_let_go_in_favour_of_its_tiles(run):
    shared(run)
    assert (run.state, run.in_tiles, run.worker, run.lease_until) == ("running", True, "", None)
    assert run.stage == "0 of 4 tiles done"
    assert states(run) == ["waiting"] * TILES
    assert {tile.estimated for tile in run.tiles.all()} == {10.0 * 0.8 / TILES}


def test_a_small_run_is_not_split(measurement):
    runs.run(measurement)
    assert not tiling.spread(leases.claim("gpu0@here"))
    assert not Tile.objects.exists()


def test_every_free_worker_gets_a_tile_of_its_own(run):
    shared(run)
    taken = [leases.claim(f"gpu{number}@here") for number in range(TILES)]
    assert [tile.number for tile in taken] == [0, 1, 2, 3]
    assert [tile.worker for tile in taken] == [f"gpu{number}@here" for number in range(TILES)]
    assert leases.claim("gpu9@here") is None


def test_the_last_to_close_a_tile_finishes_the_run(run):
    shared(run)
    first, *others = [leases.claim("gpu0@here") for _ in range(TILES)]
    for tile in others:
        assert tiling.close(tile)
        assert tiling.finish(run.pk, "gpu0@here", inf) is None
    run.refresh_from_db()
    assert (run.stage, run.fraction) == ("3 of 4 tiles done", 0.6)
    assert tiling.close(first)
    finish = tiling.finish(run.pk, "gpu1@here", inf)
    assert (finish.token, finish.worker, finish.in_tiles) == (2, "gpu1@here", False)
    assert tiling.finish(run.pk, "gpu2@here", inf) is None
    assert leases.claim("gpu3@here") is None


def test_a_finish_that_nobody_took_is_taken_by_whoever_comes(run):
    shared(run)
    for _ in range(TILES):
        tiling.close(leases.claim("gpu0@here"))
    before = tickets.waiting("interactive")
    sweeper.issue_lost_tickets()
    assert tickets.waiting("interactive") == max(before, 1)
    assert leases.claim("gpu1@here") == run


@pytest.mark.django_db(transaction=True)
def test_however_many_close_at_once_one_finishes(measurement):
    """Each on a connection of its own, all in the same moment."""
    row = shared(large(measurement, tiles=8))
    tiles = [leases.claim(f"gpu{number}@here") for number in range(8)]

    def close(tile: Tile) -> Run | None:
        try:
            assert tiling.close(tile)
            return tiling.finish(tile.run_id, tile.worker, inf)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        finished = [found for found in pool.map(close, tiles) if found]
    assert len(finished) == 1
    row.refresh_from_db()
    assert (row.token, row.worker) == (2, finished[0].worker)


def test_a_lost_worker_costs_one_tile(run):
    shared(run)
    lost, kept = leases.claim("gpu0@here"), leases.claim("gpu1@here")
    Tile.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    sweeper.end_expired_tiles()
    assert states(run) == ["waiting", "running", "waiting", "waiting"]
    assert Run.objects.get().state == "running"
    again = leases.claim("gpu2@here")
    assert (again.number, again.attempt, again.token) == (0, 2, 2)
    assert not tiling.look(lost).valid
    assert not tiling.close(lost)  # it wakes up: its token is void
    assert tiling.close(kept)


def test_a_tile_that_loses_three_workers_ends_the_run_with_the_reason(run):
    shared(run)
    leases.claim("gpu0@here")
    Tile.objects.update(attempt=3)
    Tile.objects.filter(number=0).update(lease_until=timezone.now() - timedelta(seconds=1))
    sweeper.end_expired_tiles()
    run.refresh_from_db()
    assert (run.state, run.in_tiles) == ("failed", False)
    assert run.error.startswith("One tile of the map lost its worker 3 times in a row")
    assert states(run)[0] == "stopped"


def test_a_tile_whose_process_was_killed_waits_again_at_once_and_ends_the_run_the_second_time(run):
    shared(run)
    leases.claim("gpu0@here")
    sweeper.end_killed("gpu0@here")
    assert states(run)[0] == "waiting"
    assert leases.claim("gpu0@here").attempt == 2
    sweeper.end_killed("gpu0@here")
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.error.startswith("The system ended its process at the second attempt")


def test_a_tile_over_the_time_limit_ends_the_run(run):
    shared(run)
    leases.claim("gpu0@here")
    long_ago = timezone.now() - timedelta(days=1)
    Tile.objects.filter(number=0).update(started=long_ago, lease_until=long_ago)
    sweeper.end_expired_tiles()
    assert Run.objects.get().error.startswith("The run took longer than the limit")


def test_cancelling_ends_the_run_at_once_and_its_tiles_stop(run):
    shared(run)
    tile = leases.claim("gpu0@here")
    services.cancel(run=run, by=run.submitted_by)
    assert (run.state, run.in_tiles) == ("cancelled", False)
    assert not tiling.renew(tile, fraction=0.5).valid
    tiling.settle(tile)
    assert states(run) == ["stopped", "waiting", "waiting", "waiting"]
    assert leases.claim("gpu1@here") is None
    sweeper.issue_lost_tickets()
    folders.tiles(run).mkdir(parents=True)
    sweeper.remove_debris()
    assert not folders.tiles(run).exists()


def test_a_worker_that_stops_hands_its_tile_back_without_an_attempt_counted(run):
    shared(run)
    tile = leases.claim("gpu0@here")
    tiling.settle(tile)
    tile.refresh_from_db()
    assert (tile.state, tile.attempt, tile.started) == ("waiting", 0, None)


def test_an_operator_takes_a_shared_run_back_and_its_done_tiles_stay_done(run):
    shared(run)
    done, going = leases.claim("gpu0@here"), leases.claim("gpu1@here")
    tiling.close(done)
    folders.tiles(run).mkdir(parents=True)
    operators.requeue(run=run, by=people.person(is_operator=True), reason="a drill")
    assert not tiling.look(going).valid
    tiling.settle(going)
    shared(run)
    assert folders.tiles(run).exists()
    assert states(run) == ["done", "waiting", "waiting", "waiting"]
    assert run.stage == "1 of 4 tiles done"


def test_a_finish_that_lost_its_worker_is_finished_by_the_next(run, measurement):
    shared(run)
    for _ in range(TILES):
        tiling.close(leases.claim("gpu0@here"))
    tiling.finish(run.pk, "gpu0@here", inf)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sweeper.end_expired_leases()
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("queued", 1)
    assert not tiling.spread(leases.claim("gpu1@here"))  # nothing is left to share


@pytest.mark.django_db(transaction=True)
def test_workers_bring_a_shared_run_to_its_end(measurement):
    row = large(measurement)
    for number in range(TILES):
        work.work_one(f"gpu{number}@here")
    row.refresh_from_db()
    assert (row.state, row.worker, row.fraction) == ("succeeded", "gpu3@here", 1.0)
    assert row.summary == {"recipe": "toy-tiled", "sum": 6.0, "left": TILES}
    assert row.store_path == f"runs/{row.pk}/2.zarr"
    assert [path.name for path in folders.output(row).parent.iterdir()] == ["2.zarr"]
    assert states(row) == ["done"] * TILES


@pytest.mark.django_db(transaction=True)
def test_a_tile_that_cannot_be_worked_ends_the_run_with_its_sentence(measurement):
    row = large(measurement, mood="refuse")
    for number in range(2):
        work.work_one(f"gpu{number}@here")
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "The toy refuses this tile; bring another.")
    assert states(row) == ["done", "stopped", "waiting", "waiting"]
    assert not folders.tiles(row).exists()


def test_the_lab_is_charged_what_its_tiles_took(run, measurement):
    shared(run)
    lab, now = measurement.project.lab_id, timezone.now()
    for _ in range(2):
        tiling.close(leases.claim("gpu0@here"))
    Tile.objects.filter(state="done").update(
        started=now - timedelta(seconds=100), finished=now - timedelta(seconds=40)
    )
    leases.claim("gpu1@here")
    assert use.last_month([lab])[lab] == pytest.approx(120, abs=1)
    # Two tiles of a minute each, and one under way, which counts as what it is estimated to take.
    assert turns.read()[1].use[lab] == pytest.approx(120 + 2, abs=1)
    assert monthly(measurement.project.lab)[0].compute_seconds == 120


def test_a_shared_run_does_not_keep_other_labs_from_workers(run, measurement):
    """Its tiles take turns with runs that wait, as runs do."""
    shared(run)
    now = timezone.now()
    tiling.close(leases.claim("gpu0@here"))
    Tile.objects.filter(state="done").update(started=now - timedelta(hours=1), finished=now)
    member = people.person()
    other = runs.run(measurements.ready(measurements.project(people.lab(member=member)), member))
    assert leases.claim("gpu0@here") == other
    assert leases.claim("gpu1@here").run == run


def test_pages_say_how_many_tiles_are_done_and_who_has_some(client, run, measurement):
    runs.worker("gpu0@here")
    shared(run)
    tiling.close(leases.claim("gpu0@here"))
    leases.claim("gpu0@here")
    client.force_login(measurement.uploaded_by)
    shown = client.get(run.get_absolute_url()).content.decode()
    assert "1 of 4 tiles done" in shown
    assert "Tiles of the map are under way on gpu0@here" in shown
    client.force_login(people.person(is_operator=True))
    operated = client.get(reverse("operate:page")).content.decode()
    assert "1 of 4 tiles done; on gpu0@here" in operated
    assert "running" in operated


@pytest.mark.parametrize("count", [1, 3])
def test_shared_runs_cost_the_pages_no_queries_more(
    client, measurement, django_assert_num_queries, count
):
    for number in range(count):
        row = large(measurement)
        Run.objects.filter(pk=row.pk).update(state="running", token=1, started=timezone.now())
        row.refresh_from_db()
        assert tiling.spread(row)
        leases.claim(f"gpu{number}@here")
    client.force_login(people.person(is_operator=True))
    with django_assert_num_queries(33):
        client.get(reverse("operate:page"))
