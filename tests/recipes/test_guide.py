"""The electron image as an option of latent diffusion: who may ask, what a run says of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.recipes.test_xray import carry_out
from workers import store
from workers.measurement import Measurement
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.training.minerals import scene

CHANNELS = ("Si", "Mg", "Fe")
SUMMARY = {"channels": CHANNELS, "shape": [64, 64], "units": "counts", "has_guide": True}


def asked(guide_factor: int = 4, **others: Any) -> dict[str, Any]:
    values = {"factor": 4, "sampling": "binned", "guide": True, **others}
    summary = {**SUMMARY, "guide_factor": guide_factor}
    return RECIPES["xray-diffusion"].clean(values, summary)


def coarse_map_with_guide(path: Path) -> Path:
    """A synthetic rock in blocks of four, its electron image on the fine grid."""
    made = scene(np.random.default_rng([77, 8]), 256)
    rate = made.rate[:3] * (200 / made.rate[:3].mean(axis=(1, 2)))[:, None, None]
    counts = np.random.default_rng(0).poisson(rate.reshape(3, 64, 4, 64, 4).mean((2, 4)))
    measurement = Measurement(
        channels=CHANNELS,
        values=counts.astype(np.float32),
        mask=np.ones((64, 64), bool),
        units="counts",
        guide=made.guide,
    )
    store.write_measurement(path, measurement)
    return path


def test_a_run_says_what_the_electron_image_did(tmp_path: Path) -> None:
    measurement = coarse_map_with_guide(tmp_path / "m.zarr")
    summary, _ = carry_out(measurement, tmp_path / "r.zarr", asked(estimator="flow"))
    said = summary["guide"]
    assert said["sentence"] in summary["verdict"]
    assert set(said["gain_db_one_level_coarser"]) == set(CHANNELS)
    assert set(said["used_for"]) <= set(CHANNELS)
    assert said["explained"] >= said["explained_before"]


def test_the_electron_image_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    assert RECIPES["xray-diffusion"].clean({}, SUMMARY)["guide"] is False
    measurement = coarse_map_with_guide(tmp_path / "m.zarr")
    summary, _ = carry_out(measurement, tmp_path / "r.zarr", asked(guide=False, estimator="flow"))
    assert "guide" not in summary


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"factor": 2}, "at ×4 only"),
        ({"estimator": "latent"}, "at ×4 only"),
        ({"sampling": "psf"}, "wide beam"),
        ({"guide_factor": 2}, "upload a finer image"),
    ],
)
def test_where_the_electron_image_cannot_help_a_sentence_says_so(
    others: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ParameterErrors, match=sentence):
        asked(**others)


def test_without_an_electron_image_there_is_nothing_to_ask_for() -> None:
    with pytest.raises(ParameterErrors, match="no electron image"):
        RECIPES["xray-diffusion"].clean(
            {"factor": 4, "sampling": "binned", "guide": True}, {**SUMMARY, "has_guide": False}
        )
