"""The X-ray recipe with the weights that ship, on a small real or synthetic map."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workers import store
from workers.measurement import Measurement
from workers.physics import forward_model
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.run import RunError, Stopped, run
from workers.training.cards import card
from workers.training.textures import texture

CHANNELS = ("Si", "Mg", "Fe")


def coarse_map(path: Path, *, factor: int = 2, units: str = "counts", hole: bool = False) -> Path:
    """A synthetic specimen measured with cells of `factor`, written as a measurement store."""
    rng = np.random.default_rng(4)
    rate = texture(rng, 64)[:3]
    height = 64 // factor
    mean = rate.reshape(3, height, factor, height, factor).mean((2, 4))
    values = rng.poisson(mean).astype(np.float32)
    mask = np.ones((height, height), bool)
    if hole:
        mask[:5, :7] = False
    measurement = Measurement(
        channels=CHANNELS,
        values=np.where(mask, values, 0),
        mask=mask,
        units=units,
        guide=None,
        pixel_size_um=2.0,
        dwell_ms=15.0,
        current_na=40.0,
        sampling=None,
        problems=(),
        provenance={"format": "synthetic"},
    )
    store.write_measurement(path, measurement)
    return path


def parameters(factor: int = 2, sampling: str = "binned", **others: Any) -> dict[str, Any]:
    side = 64 // factor
    summary = {"channels": CHANNELS, "shape": [side, side], "units": "counts"}
    asked = {"factor": factor, "sampling": sampling, **others}
    return RECIPES[recipe_of(asked)].clean(asked, summary)


def recipe_of(asked: dict[str, Any]) -> str:
    """The recipe that knows the estimator asked for; the ensemble has one only."""
    for name in ("xray-diffusion", "xray-variational"):
        known = next(one for one in RECIPES[name].parameters if one.name == "estimator")
        if asked.get("estimator") in [choice.value for choice in known.choices]:
            return name
    return "xray-ensemble"


def carry_out(
    measurement: Path,
    output: Path,
    given: dict[str, Any],
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, Any], list[float]]:
    heard: list[float] = []

    def report(stage: str, fraction: float) -> None:
        heard.append(fraction)

    summary = run(
        recipe_of(given),
        measurement,
        output,
        given,
        seed=3,
        report=report,
        should_stop=should_stop,
    )
    return summary, heard


@pytest.mark.parametrize(("factor", "sampling"), [(1, "fine"), (2, "point"), (4, "binned")])
def test_a_run_holds_everything_the_page_needs(tmp_path: Path, factor: int, sampling: str) -> None:
    measurement = coarse_map(tmp_path / "m.zarr", factor=factor)
    summary, heard = carry_out(measurement, tmp_path / "r.zarr", parameters(factor, sampling))
    opened = store.RunStore(tmp_path / "r.zarr")
    pictures = {"estimate", "mean", "std", "lower", "upper", "smooth", "invented", "risk"}
    assert pictures | {"evidence", "measured", "residuals", "mask"} <= set(opened.names)
    lower, estimate, upper = (opened.image(n)[:] for n in ("lower", "estimate", "upper"))
    assert (lower <= estimate).all()
    assert (estimate <= upper).all()
    for name in ("risk", "evidence", "reliance"):
        assert 0 <= opened.image(name)[:].min() <= opened.image(name)[:].max() <= 1
    assert set(summary["per_channel"]) == set(CHANNELS)
    assert summary["verdict"]
    assert heard == sorted(heard)
    table = opened.table("features")
    assert len(table["risk"]) == summary["features"]["count"]
    assert table["presence"].max() < 2**16  # one bit per sample
    assert {"dwell", "step"} <= set(table)
    assert opened.image("resolution").shape == opened.image("measured").shape
    json.dumps(summary, allow_nan=False)  # a browser reads it
    assert summary["thinning"]["checks"].keys() == set(CHANNELS)
    assert summary["material"]["distance"] > 0
    assert summary["calibration"]["curves"] is None or summary["calibration"]["curves"]["ranks"]
    false = [summary["per_channel"][el]["false_per_1e4_px"] for el in CHANNELS]
    assert summary["features"]["false_per_1e4_px"] == pytest.approx(sum(false) / 3)
    assert sum(false) * 64 * 64 / 1e4 == pytest.approx(table["risk"].sum())
    assert opened.provenance["model"]["weights"]
    answers = opened.table("answers")
    modes = answers["value"][answers["channel"] == -1]
    assert modes.sum() == pytest.approx(1)
    assert len(modes) == len(opened.image("phases")[:]) == summary["answers"]["phases"]
    assert len(answers["value"]) == len(modes) * (1 + len(CHANNELS))
    assert ((answers["lower"] <= answers["value"]) & (answers["value"] <= answers["upper"])).all()
    on_card = card()["answers"].get(str(factor))  # where nobody calibrated, the samples' own
    assert summary["answers"]["calibration"] == on_card


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    measurement = coarse_map(tmp_path / "m.zarr")
    for name in ("a.zarr", "b.zarr"):
        carry_out(measurement, tmp_path / name, parameters())
    one, two = (store.RunStore(tmp_path / name) for name in ("a.zarr", "b.zarr"))
    for name in ("estimate", "risk", "samples/0", "samples/15"):
        assert np.array_equal(one.image(name)[:], two.image(name)[:])


def test_strict_mode_returns_the_measured_map(tmp_path: Path) -> None:
    measurement = coarse_map(tmp_path / "m.zarr")
    carry_out(measurement, tmp_path / "r.zarr", parameters(strict=True))
    opened = store.RunStore(tmp_path / "r.zarr")
    estimate = opened.image("estimate")[:]
    again = forward_model("binned", 2).expected(torch.from_numpy(estimate)).numpy()
    measured = opened.image("measured")[:]
    assert np.abs(again - measured).max() <= 1e-4 * measured.max()


def test_channels_left_out_still_help_and_are_not_reported(tmp_path: Path) -> None:
    measurement = coarse_map(tmp_path / "m.zarr")
    summary, _ = carry_out(measurement, tmp_path / "few.zarr", parameters(channels=["Fe"]))
    carry_out(measurement, tmp_path / "all.zarr", parameters())
    few, everything = (store.RunStore(tmp_path / n) for n in ("few.zarr", "all.zarr"))
    assert summary["channels"] == ["Fe"]
    assert np.allclose(few.image("estimate")[0], everything.image("estimate")[2], rtol=1e-5)


def test_unmeasured_places_carry_no_features(tmp_path: Path) -> None:
    measurement = coarse_map(tmp_path / "m.zarr", hole=True)
    carry_out(measurement, tmp_path / "r.zarr", parameters())
    table = store.RunStore(tmp_path / "r.zarr").table("features")
    assert not ((table["y"] < 10) & (table["x"] < 14)).any()


def test_weight_percent_is_refused_with_advice(tmp_path: Path) -> None:
    measurement = coarse_map(tmp_path / "m.zarr", units="wt%")
    with pytest.raises(RunError, match="raw counts"):
        carry_out(measurement, tmp_path / "r.zarr", parameters())


def test_a_stopped_run_leaves_nothing_behind(tmp_path: Path) -> None:
    measurement = coarse_map(tmp_path / "m.zarr")
    asked = 0

    def after_a_while() -> bool:
        nonlocal asked
        asked += 1
        return asked > 12

    with pytest.raises(Stopped):
        carry_out(measurement, tmp_path / "r.zarr", parameters(), after_a_while)
    assert [p.name for p in tmp_path.iterdir()] == ["m.zarr"]


@pytest.mark.parametrize(
    ("factor", "sampling", "estimator"),
    [
        (1, "fine", "flow"),
        (2, "point", "flow"),
        (4, "binned", "flow"),
        (4, "binned", "latent"),
        (4, "binned", "variational"),
        (4, "line", "dropout"),
    ],
)
def test_every_other_estimator_gives_as_whole_a_run(
    tmp_path: Path, factor: int, sampling: str, estimator: str
) -> None:
    measurement = coarse_map(tmp_path / "m.zarr", factor=factor)
    given = parameters(factor, sampling, estimator=estimator)
    summary, heard = carry_out(measurement, tmp_path / "r.zarr", given)
    opened = store.RunStore(tmp_path / "r.zarr")
    assert {"estimate", "mean", "std", "lower", "upper", "risk"} <= set(opened.names)
    assert summary["recipe"] == recipe_of(given)
    assert summary["calibration"]["model"] == f"xray-{estimator}-1"
    assert heard == sorted(heard)
    spread = opened.image("samples/0")[:] - opened.image("samples/1")[:]
    assert np.abs(spread).max() > 0


def test_the_literal_model_is_asked_at_its_own_factor_only() -> None:
    with pytest.raises(ParameterErrors, match="at ×4 only"):
        parameters(2, "binned", estimator="latent")


def test_counts_that_were_rescaled_cannot_be_split_and_the_run_says_so(tmp_path: Path) -> None:
    path = coarse_map(tmp_path / "m.zarr")
    whole = store.read_measurement(path)
    scaled = replace(whole, values=whole.values * np.float32(0.731))
    store.write_measurement(tmp_path / "s.zarr", scaled)
    summary, _ = carry_out(tmp_path / "s.zarr", tmp_path / "r.zarr", parameters())
    assert "not whole counts" in summary["thinning"]["reason"]


def test_a_channel_of_noise_alone_has_no_trusted_size_and_no_promise(tmp_path: Path) -> None:
    path = coarse_map(tmp_path / "m.zarr")
    whole = store.read_measurement(path)
    values = whole.values.copy()
    values[1] = np.random.default_rng(0).poisson(3.0, values.shape[1:])
    store.write_measurement(tmp_path / "n.zarr", replace(whole, values=values))
    summary, _ = carry_out(tmp_path / "n.zarr", tmp_path / "r.zarr", parameters())
    assert summary["per_channel"]["Mg"]["resolution_of_evidence_px"] is None
    json.dumps(summary, allow_nan=False)
