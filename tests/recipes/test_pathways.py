"""The recipe for movies: what it asks, what it refuses, what it leaves in the store."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.factories.movies import FLIPS, computed, flipping
from workers import store
from workers.measurement import Measurement
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.run import Report, RunError, ShouldStop, Stopped, run

RECIPE = RECIPES["unit-pathways"]


def summary(frames: int = 40, side: int = 96, content: str = "movie") -> dict[str, Any]:
    return {"channels": ["f"] * frames, "shape": [side, side], "content": content}


def stored(path: Path, frames: np.ndarray) -> Path:
    channels = tuple(f"frame {n + 1}" for n in range(len(frames)))
    mask = np.ones(frames.shape[1:], bool)
    movie = Measurement(
        channels, frames, mask, "intensity", content="movie", provenance={"format": "synthetic"}
    )
    store.write_measurement(path, movie)
    return path


def asked(**others: Any) -> dict[str, Any]:
    return RECIPE.clean({"window": 28, "members": 2, **others}, summary())


def test_a_patch_must_fit_into_the_frames_and_maps_are_no_movies() -> None:
    with pytest.raises(ParameterErrors, match="does not fit into frames of 96 × 96"):
        asked(window=96)
    with pytest.raises(ParameterErrors, match="takes a movie; choose another recipe"):
        RECIPE.clean({}, summary(content="maps"))
    with pytest.raises(ParameterErrors, match="takes maps of elements"):
        RECIPES["xray-ensemble"].clean({}, summary())
    assert RECIPE.suggest(summary()) == {"window": 38}
    more = RECIPE.cost(asked(members=5), summary())
    assert more > RECIPE.cost(asked(), summary()) > 0


def ran(
    folder: Path,
    frames: np.ndarray,
    report: Report = lambda stage, share: None,
    should_stop: ShouldStop = lambda: False,
    **others: Any,
) -> dict[str, Any]:
    movie = stored(folder / "movie.zarr", frames)
    return run(
        "unit-pathways",
        movie,
        folder / "run.zarr",
        asked(**others),
        seed=0,
        report=report,
        should_stop=should_stop,
    )


def test_a_flipping_unit_is_read_off_and_everything_is_kept() -> None:
    kept = store.RunStore(computed() / "run.zarr")
    found, told = kept.summary, json.loads((computed() / "told.json").read_text())
    assert found["states"]["count"] == found["classical"]["count"] == 2
    assert found["states"]["changes"] == [[flip + 1 for flip in FLIPS]]
    assert found["order"] == 3
    assert found["verdict"][0].startswith("2 states, 3 changes, at frame 10, 18, 25")
    assert any("latents hold" in stage for stage in told)
    units, way = kept.table("units"), kept.table("path")
    assert len(units["frame"]) == 40
    assert (units["arc"] < 5).all()
    assert way["extrapolated"].any()
    assert kept.image("path").shape == (len(way["nats"]), 24, 24)
    assert found["path"]["low"] <= found["path"]["saddle"] <= found["path"]["high"] + 1e-9


@pytest.mark.parametrize(
    ("frames", "what", "sentence"),
    [
        (5, "brightest", "Only 5 units were found; it takes 20"),
        (3, "columns", "No unit was found; it takes 20 .* Choose a smaller window"),
    ],
)
def test_too_few_units_get_a_sentence(
    tmp_path: Path, frames: int, what: str, sentence: str
) -> None:
    dark = np.zeros((frames, 96, 96), np.float32)
    movie = flipping(np.random.default_rng(2), frames)[0] if what == "brightest" else dark
    with pytest.raises(RunError, match=sentence):
        ran(tmp_path, movie, what=what)
    assert not (tmp_path / "run.zarr").exists()


def test_a_run_stops_while_it_learns(tmp_path: Path) -> None:
    frames, _ = flipping(np.random.default_rng(3))
    shares: list[float] = []
    with pytest.raises(Stopped):
        ran(tmp_path, frames, lambda stage, share: shares.append(share), lambda: len(shares) > 5)
    assert not (tmp_path / "run.zarr").exists()


def test_frames_in_another_order_do_not_give_the_same_changes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames, _ = flipping(rng)
    found = ran(tmp_path, frames[rng.permutation(len(frames))])
    assert found["states"]["changed"] > 2 * len(FLIPS)


def test_places_that_switch_change_their_state_where_they_do() -> None:
    kept = store.RunStore(computed("places") / "run.zarr")
    found = kept.summary
    assert found["states"]["count"] > 1
    assert "of them at frame 2" in found["verdict"][0]
    assert any("turned is not taken for a change" in sentence for sentence in found["verdict"])
    units = kept.table("units")
    before, after = (units["state"][units["frame"] == t] for t in (0, 1))
    low = units["y"][units["frame"] == 0] > 64
    changed = before != after
    assert changed[low].mean() > 0.6  # islands there were up before
    assert changed[~low].mean() < 0.1
    assert found["states"]["shares"][1][0] < found["states"]["shares"][0][0] - 0.2
    assert kept.image("tiles").shape == (49, 24, 24)
    bright = [row for row in found["meanings"] if row["quantity"] == "brightness"]
    assert max(abs(row["rank"]) for row in bright) > 0.7
    assert all(row["low"] <= row["rank"] <= row["high"] for row in bright)


def test_places_need_two_latents_to_lie_on_a_plane() -> None:
    with pytest.raises(ParameterErrors, match="told apart by their latents alone"):
        asked(what="places", latents=1)


def test_phases_are_offered_as_places() -> None:
    offered = RECIPE.suggest({**summary(3, 256), "quantity": "PhaseRetrace"})
    assert offered == {"what": "places", "window": 25}


def test_frames_of_counts_are_read_off_too_and_negative_ones_are_not_counts(tmp_path: Path) -> None:
    frames, _ = flipping(np.random.default_rng(1))
    with pytest.raises(RunError, match="Some pixels are negative, so the frames are not counts"):
        ran(tmp_path, frames, counts=True)
    counts = np.random.default_rng(2).poisson(6 + 60 * frames.clip(0)).astype(np.float32)
    (tmp_path / "counts").mkdir()
    found = ran(tmp_path / "counts", counts, counts=True)
    assert found["states"]["changes"] == [[flip + 1 for flip in FLIPS]]
    said = store.RunStore(tmp_path / "counts" / "run.zarr").provenance["noise"]["model"]
    assert said.startswith("Poisson")
