"""The X-ray recipe with the weights that ship, on a small real or synthetic map."""

from collections.abc import Callable
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
    return RECIPES["xray-diffusion" if "estimator" in others else "xray-ensemble"].clean(
        asked, summary
    )


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
        "xray-diffusion" if "estimator" in given else "xray-ensemble",
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
    for name in ("risk", "evidence"):
        assert 0 <= opened.image(name)[:].min() <= opened.image(name)[:].max() <= 1
    assert set(summary["per_channel"]) == set(CHANNELS)
    assert summary["verdict"]
    assert heard == sorted(heard)
    assert len(opened.table("features")["risk"]) == summary["features"]["count"]
    assert opened.provenance["model"]["weights"]


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
    [(1, "fine", "flow"), (2, "point", "flow"), (4, "binned", "flow"), (4, "binned", "latent")],
)
def test_latent_diffusion_gives_as_whole_a_run(
    tmp_path: Path, factor: int, sampling: str, estimator: str
) -> None:
    measurement = coarse_map(tmp_path / "m.zarr", factor=factor)
    given = parameters(factor, sampling, estimator=estimator)
    summary, heard = carry_out(measurement, tmp_path / "r.zarr", given)
    opened = store.RunStore(tmp_path / "r.zarr")
    assert {"estimate", "mean", "std", "lower", "upper", "risk"} <= set(opened.names)
    assert summary["recipe"] == "xray-diffusion"
    assert summary["calibration"]["model"] == f"xray-{estimator}-1"
    assert heard == sorted(heard)
    spread = opened.image("samples/0")[:] - opened.image("samples/1")[:]
    assert np.abs(spread).max() > 0


def test_the_literal_model_is_asked_at_its_own_factor_only() -> None:
    with pytest.raises(ParameterErrors, match="at ×4 only"):
        parameters(2, "binned", estimator="latent")
