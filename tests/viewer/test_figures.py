from pathlib import Path

import numpy as np
import pytest

from fiducial.viewer import figures
from tests.factories import run_store
from workers.store import RunStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    path: Path = tmp_path_factory.mktemp("store") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(), samples=1)
    return RunStore(path)


def traces(figure: figures.Figure) -> dict[str, dict]:
    return {trace.get("name", "lower"): trace for trace in figure["data"]}


def test_profile_shows_the_pixels_under_its_line(store: RunStore) -> None:
    found = traces(figures.profile(store, 1, (8.5, 3.5), (8.5, 23.5)))
    columns = np.linspace(3.5, 23.5, 41).astype(int)
    for name in ("estimate", "measured"):
        step = 1 if name == "estimate" else 4
        row = store.image(name)[1, 8 // step]
        np.testing.assert_allclose(found[name]["y"], row[columns // step], atol=1e-4)
    lower, upper = found["lower"]["y"], found["90 % interval"]["y"]
    assert all(a <= b <= c for a, b, c in zip(lower, found["estimate"]["y"], upper, strict=True))


def test_profile_measures_in_micrometres(store: RunStore) -> None:
    figure = figures.profile(store, 0, (0, 0), (30, 40))
    assert figure["data"][0]["x"][-1] == pytest.approx(50 * 2.0 / 4)
    assert figure["layout"]["xaxis"]["title"]["text"] == "distance (µm)"


def test_profile_has_gaps_where_nothing_was_measured(store: RunStore) -> None:
    height, width = store.shape
    found = traces(figures.profile(store, 0, (height - 1, 0), (height - 1, width - 1)))
    assert found["estimate"]["y"][0] is not None
    assert found["estimate"]["y"][-1] is None


@pytest.mark.parametrize(
    ("end", "sentence"),
    [((5.2, 5.1), "at least one pixel apart"), ((5, 400), "lies outside the map")],
)
def test_profile_refuses_what_is_no_line(store: RunStore, end: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        figures.profile(store, 0, (5, 5), end)


def test_agreement_shows_samples_and_estimate_of_every_element(store: RunStore) -> None:
    figure = figures.agreement(store.summary)
    samples, mean = figure["data"]
    assert samples["x"] == ["Si", "Fe", "Ca"]
    assert samples["y"] == [1.01, 1.03, 1.05]
    assert mean["y"] == pytest.approx([0.81, 0.79, 0.77])


def test_calibration_shows_promised_against_kept_and_the_worst_specimen(store: RunStore) -> None:
    _, mean, worst = figures.calibration(store.summary)["data"]
    assert (mean["x"], mean["y"]) == ([0.5, 0.9], [0.52, 0.893])
    assert (worst["x"], worst["y"]) == ([0.9], [0.81])


def test_model_without_calibration_has_no_such_figure() -> None:
    assert figures.calibration({"calibration": {"specimens": 9}}) is None
