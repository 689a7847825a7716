"""One large run on several workers: killed, frozen and racing ones cost a tile, never the run."""

import signal

from tests.factories.facility import Facility, wait_for
from tests.recipes.split import different

RECIPES = "tests.recipes.toy,tests.recipes.toy_tiled"
SUBMIT = """
member, measurement = User.objects.get(username="member"), Measurement.objects.get()
answer = str(services.submit(
    measurement=measurement, recipe={recipe!r}, parameters={parameters!r}, seed=7, by=member
).pk)
"""
TILES = """
answer = list(
    Run.objects.get(pk={run!r}).tiles.order_by("number").values_list("state", "attempt", "worker")
)
"""


def submit(facility: Facility, recipe: str = "toy-tiled", **parameters: object) -> str:
    return facility.shell(SUBMIT.format(recipe=recipe, parameters=parameters))


def tiles(facility: Facility, run: str) -> list[list]:
    """State, attempts and worker of every tile of a run."""
    return facility.shell(TILES.format(run=run))


def under_way(facility: Facility, worker: str) -> bool:
    """Whether a worker has a tile now."""
    found = "SELECT count(*) FROM runs_tile WHERE state = 'running' AND worker LIKE %s"
    return facility.query(found, f"{worker}@%")[0][0] == 1


def done(facility: Facility) -> int:
    return facility.query("SELECT count(*) FROM runs_tile WHERE state = 'done'")[0][0]


def summary(facility: Facility, run: str) -> dict:
    return facility.shell(f"answer = Run.objects.get(pk={run!r}).summary")


def assert_finished(facility: Facility, run: str, count: int) -> list[list]:
    row = facility.wait_until(run, "succeeded")
    assert row["error"] == ""
    assert facility.files(run) == [row["store_path"].rpartition("/")[2]]
    assert summary(facility, run)["left"] == count
    found = tiles(facility, run)
    assert [state for state, *_ in found] == ["done"] * count
    return found


def test_two_workers_share_one_run(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES)
    facility.worker("first")
    facility.worker("second")
    run = submit(facility, tiles=8, pause=0.4)
    found = assert_finished(facility, run, 8)
    assert {worker.partition("@")[0] for *_, worker in found} == {"first", "second"}
    row = facility.row(run)
    assert (row["attempt"], row["token"]) == (1, 2)  # claimed to share it, and to finish it


def test_a_killed_worker_costs_one_tile(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES)
    first = facility.worker("first")
    run = submit(facility, tiles=5, pause=1.0)
    wait_for(lambda: done(facility) >= 1 and under_way(facility, "first"), "a tile", first.log)
    first.kill()
    facility.worker("second")
    found = assert_finished(facility, run, 5)
    attempts = [attempt for _, attempt, _ in found]
    assert sorted(attempts) == [1, 1, 1, 1, 2]
    assert facility.row(run)["attempt"] == 1


def test_a_frozen_worker_that_wakes_up_closes_nothing(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES)
    first = facility.worker("first")
    run = submit(facility, tiles=2, pause=1.5)
    wait_for(lambda: under_way(facility, "first"), "a tile", first.log)
    first.signal(signal.SIGSTOP)
    facility.worker("second")
    assert_finished(facility, run, 2)
    before = facility.row(run)
    first.signal(signal.SIGCONT)
    wait_for(lambda: "succeeded in" in first.log.read_text(), "its task ended", first.log)
    assert facility.row(run) == before
    kept = [before["store_path"].rpartition("/")[2]]
    wait_for(lambda: facility.files(run) == kept, "its tile is removed", first.log)


def test_a_tile_whose_process_is_killed_twice_ends_the_run(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES, FIDUCIAL_LEASE_SECONDS="60")
    facility.worker()
    run = submit(facility, tiles=3, pause=0.1, mood="kill")
    row = facility.wait_until(run, "failed")
    assert row["error"].startswith("The system ended its process at the second attempt")
    facility.wait_removed(run)


def test_cancelling_a_shared_run_frees_its_workers_within_seconds(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES)
    workers = [facility.worker("first"), facility.worker("second")]
    run = submit(facility, tiles=6, pause=30)
    for name in ("first", "second"):
        wait_for(lambda name=name: under_way(facility, name), name, *(one.log for one in workers))
    facility.cancel(run)
    assert facility.row(run)["state"] == "cancelled"
    stopped = "SELECT count(*) FROM runs_tile WHERE state = 'stopped'"
    wait_for(lambda: facility.query(stopped)[0][0] == 2, "both stop", *(w.log for w in workers))
    facility.wait_removed(run)


def test_a_worker_that_stops_hands_its_tile_back(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES)
    first = facility.worker("first")
    run = submit(facility, tiles=3, pause=2)
    wait_for(lambda: under_way(facility, "first"), "a tile", first.log)
    first.stop()
    assert {tuple(one[:2]) for one in tiles(facility, run)} == {("waiting", 0)}
    facility.worker("second")
    assert_finished(facility, run, 3)


CLOSE_ALL = """
from fiducial.runs import leases, tiling
answer = []
while taken := leases.claim("somebody@here"):
    if isinstance(taken, Run) and tiling.spread(taken):
        continue
    if isinstance(taken, Run):
        answer.append(taken.token)
    elif tiling.close(taken) and (run := tiling.finish(taken.run_id, "somebody@here", 0)):
        answer.append(run.token)
"""


def test_however_many_close_tiles_at_once_the_run_is_finished_once(broken):
    facility = broken(FIDUCIAL_RECIPES=RECIPES)
    runs = [submit(facility, tiles=12, pause=0) for _ in range(3)]
    finished = facility.shells(CLOSE_ALL, 3)
    assert sorted(token for tokens in finished for token in tokens) == [2, 2, 2]
    for run in runs:
        assert {tuple(one[:2]) for one in tiles(facility, run)} == {("done", 1)}


WHOLE = """
from fiducial.measurements.queries import store_folder
from pathlib import Path
from workers import run as door
found = Run.objects.select_related("measurement").get(pk={run!r})
answer = door.run(
    found.recipe, store_folder(found.measurement, 1), Path({output!r}), found.parameters,
    seed=found.seed, report=lambda stage, share: None, should_stop=lambda: False,
)
"""


def test_a_shared_run_of_which_a_worker_was_killed_is_the_whole_run_bit_by_bit(broken, tmp_path):
    facility = broken(FIDUCIAL_TILE_CELLS="12", OMP_NUM_THREADS="1")
    workers = [facility.worker("first"), facility.worker("second")]
    run = submit(facility, "xray-ensemble", factor=2, sampling="binned")
    wait_for(lambda: under_way(facility, "first"), "a tile", *(one.log for one in workers))
    workers[0].kill()
    row = facility.wait_until(run, "succeeded")
    found = tiles(facility, run)
    assert len(found) == 6  # 24 × 32 cells in tiles of 12
    assert sum(attempt for _, attempt, _ in found) == 7
    whole = facility.shell(WHOLE.format(run=run, output=str(tmp_path / "whole.zarr")))
    assert different(tmp_path / "whole.zarr", facility.store / row["store_path"]) == []
    shared = summary(facility, run)
    assert {**shared, "seconds": 0} == {**whole, "seconds": 0}
