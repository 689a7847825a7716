"""A run and its rescanned windows on disk, judged together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.factories import run_store
from tests.factories.audits import rescan, specimen, stack
from workers.assessment.audit.judging import judge
from workers.assessment.audit.registration import NotFound
from workers.assessment.audit.windows import Window, draw
from workers.store import RunStore, write_measurement


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> tuple[Path, Path]:
    """The first measurement and a run of it."""
    folder = tmp_path_factory.mktemp("stores")
    run_store.write_measurement(folder / "map.zarr", specimen())
    run_store.write_run(folder / "run.zarr", specimen(), samples=2)
    return folder / "map.zarr", folder / "run.zarr"


@pytest.fixture(scope="module")
def windows() -> tuple[Window, ...]:
    return draw(specimen().mask, 11)


def judged(stores, windows, content, tmp_path, **how):
    write_measurement(tmp_path / "rescan.zarr", content)
    how = {"drawn": True, "seed": 1} | how
    return judge(*stores, tmp_path / "rescan.zarr", windows, **how)


def rescanned(windows, **how):
    return stack(specimen().channels, rescan(specimen().truth, windows, **how))


def test_a_run_is_judged_on_counts_and_its_claim_follows(stores, windows, tmp_path):
    found = judged(stores, windows, rescanned(windows, dwell=2.0), tmp_path)
    assert found["windows"] == found["calibrating"] + found["auditing"] == 16
    assert found["factor"] == 4
    assert found["dwell_ratio"] == pytest.approx(2, rel=0.05)
    assert found["registration"]["common"] == [0, 0]
    assert set(found["elements"]) == set(specimen().channels)
    together = found["all"]
    assert together["shown"]["value"] > 0.9  # the drawn posterior is wider than its errors
    assert together["widening"] < 1
    assert together["widened"]["value"] == pytest.approx(0.9, abs=0.05)
    assert together["widened"]["low"] < 0.9 < together["widened"]["high"]
    assert 0 < found["elements"]["Si"]["counting_share"] < 1
    assert 0.02 < found["area_share"] < 0.08


def test_each_feature_that_was_looked_for_is_one_of_the_run(stores, windows, tmp_path):
    found = judged(stores, windows, rescanned(windows, dwell=200.0), tmp_path)["features"]
    assert len(found["each"]) == found["judged"] > 0
    assert sum(one["absent"] for one in found["each"]) == found["absent"]
    assert sum(one["risk"] for one in found["each"]) == pytest.approx(found["expected"])
    store = RunStore(stores[1])
    table = store.table("features")
    of_run = {
        (store.channels[int(c)], round(y), round(x))
        for c, y, x in zip(table["channel"], table["y"], table["x"], strict=True)
    }
    assert {(one["element"], one["y"], one["x"]) for one in found["each"]} <= of_run


def test_a_drifted_stage_changes_little(stores, windows, tmp_path):
    drifted = judged(stores, windows, rescanned(windows, moved=(2, -1)), tmp_path)
    assert drifted["registration"]["common"] == [2, -1]
    assert drifted["all"]["shown"]["value"] > 0.9


def test_an_overconfident_run_is_found_out(stores, windows, tmp_path):
    path = tmp_path / "sure.zarr"
    run_store.write_run(path, specimen(), samples=2, sureness=20.0)
    found = judged((stores[0], path), windows, rescanned(windows, dwell=20.0), tmp_path)
    assert found["all"]["shown"]["high"] < 0.88
    assert found["all"]["widening"] > 1.4
    assert found["all"]["widened"]["value"] == pytest.approx(0.9, abs=0.06)


def test_a_whole_fine_map_serves_as_well_as_its_windows(stores, windows, tmp_path):
    truth = specimen().truth
    whole = np.random.default_rng(5).poisson(2 * truth).astype(np.float32)
    content = stack(specimen().channels, [whole])
    content.provenance.pop("windows")
    found = judged(stores, windows, content, tmp_path)
    assert found["windows"] == 16
    assert found["all"]["shown"]["value"] > 0.9


def test_the_first_windows_of_the_list_serve_and_chosen_ones_claim_nothing(
    stores, windows, tmp_path
):
    short = judged(stores, windows, rescanned(windows[:9]), tmp_path)
    assert (short["windows"], short["calibrating"], short["auditing"]) == (9, 5, 4)
    (tmp_path / "chosen").mkdir()
    chosen = judged(stores, windows, rescanned(windows[:3]), tmp_path / "chosen", drawn=False)
    assert "all" not in chosen
    assert len(chosen["gains"]) == 3


def test_other_elements_and_empty_windows_are_refused(stores, windows, tmp_path):
    other = replace(rescanned(windows), channels=("Mn", "K", "Na"))
    with pytest.raises(NotFound, match="none of the run's elements"):
        judged(stores, windows, other, tmp_path)
    holes = rescanned(windows)
    holes.mask[:16] = False
    (tmp_path / "holes").mkdir()
    with pytest.raises(NotFound, match="Window 1 was not measured"):
        judged(stores, windows, holes, tmp_path / "holes")
