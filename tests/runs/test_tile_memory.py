"""A big map is shared among workers that could not hold all of it; one that can finishes it."""

from dataclasses import replace
from math import inf

import pytest
from django.urls import reverse

from fiducial.measurements.models import Measurement
from fiducial.runs import leases, machine, queries, services, tiling, work
from fiducial.runs.models import Run, Tile
from tests.factories import runs
from tests.recipes.toy_tiled import RECIPE
from workers.recipes.catalogue import RECIPES

TILES, TILE, WHOLE = 3, 4 * 10**9, 40 * 10**9
ASKED = {"tiles": TILES, "pause": 0.0, "mood": "well"}


@pytest.fixture(autouse=True)
def tiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared recipe, with figures of what it needs; and a small machine."""
    needs = {"memory": lambda *asked: WHOLE, "tile_memory": lambda *asked: TILE}
    monkeypatch.setitem(RECIPES, RECIPE.name, replace(RECIPE, **needs))
    have(monkeypatch, 5 * 10**9)


def have(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: float(free))
    monkeypatch.setattr(machine, "total_memory", lambda: free)


@pytest.fixture
def run(measurement: Measurement) -> Run:
    return submitted(measurement)


def submitted(measurement: Measurement) -> Run:
    return services.submit(
        measurement=measurement,
        recipe=RECIPE.name,
        parameters=ASKED,
        seed=1,
        by=measurement.uploaded_by,
    )


def test_a_small_worker_begins_it_and_leaves_its_finish_to_a_large_one(run, monkeypatch, client):
    client.force_login(run.submitted_by)
    assert (run.memory, run.whole_memory) == (TILE, WHOLE)
    for _ in range(TILES + 1):
        work.work_one("small@here")
    run.refresh_from_db()
    assert (run.state, run.in_tiles) == ("running", True)
    assert run.stage == "3 of 3 tiles done; to finish takes 40 GB of memory"
    assert leases.claim("small@here") is None
    runs.worker("small@here", memory=5 * 10**9)
    page = client.get(reverse("runs:run-progress", args=[run.pk])).content.decode()
    assert "It needs about 40 GB of memory, and the largest worker of its lane has 5.0 GB" in page
    assert "to finish takes 40 GB of memory" in page
    assert "wait for a free worker" not in page

    have(monkeypatch, 60 * 10**9)
    work.work_one("large@there")
    run.refresh_from_db()
    assert (run.state, run.worker, run.error) == ("succeeded", "large@there", "")
    assert run.summary["left"] == TILES


def test_a_tile_promises_its_memory_on_its_machine(run, measurement):
    assert tiling.spread(leases.claim("one@here"))
    assert isinstance(leases.claim("one@here"), Tile)
    assert leases.room("two@here") == 10**9
    assert leases.claim("two@here") is None
    assert isinstance(leases.claim("two@there"), Tile)


def test_no_tile_is_computed_that_nobody_could_finish(measurement):
    runs.worker("small@here", memory=8 * 10**9)
    run = submitted(measurement)
    assert (run.memory, run.whole_memory) == (WHOLE, WHOLE)
    assert leases.claim("small@here") is None
    wait = queries.read_queue().wait(run)
    assert wait.reason.startswith("It needs about 40 GB of memory, and the largest worker")
    runs.worker("large@there", memory=64 * 10**9)
    assert submitted(measurement).memory == TILE


def test_a_finish_that_lost_its_worker_waits_for_a_large_one(run, monkeypatch):
    assert tiling.spread(leases.claim("one@here"))
    for _ in range(TILES):
        tiling.close(leases.claim("one@here"))
    assert tiling.finish(run.pk, "small@here", WHOLE - 1) is None
    finish = tiling.finish(run.pk, "large@there", inf)
    Run.objects.filter(pk=run.pk).update(lease_until=run.created)
    assert leases.return_expired(finish)
    assert leases.claim("small@here") is None
    have(monkeypatch, 60 * 10**9)
    assert leases.claim("large@there") == run


def test_what_is_requeued_with_all_tiles_done_is_let_go_by_a_small_worker(run, monkeypatch):
    for _ in range(TILES):
        work.work_one("small@here")
    Run.objects.filter(pk=run.pk).update(state="queued", in_tiles=False)
    work.work_one("small@here")
    run.refresh_from_db()
    assert (run.state, run.in_tiles) == ("running", True)
    have(monkeypatch, 60 * 10**9)
    work.work_one("large@there")
    run.refresh_from_db()
    assert run.state == "succeeded"
