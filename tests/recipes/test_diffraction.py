"""The recipe for diffraction scans: what it asks, what it refuses, what it leaves in the store."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.factories.diffraction import known_scan
from workers import store
from workers.recipes import scan_words
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.run import Report, RunError, ShouldStop, Stopped, run
from workers.scan import DiffractionScan

RECIPE = RECIPES["diffraction"]
FACTS = {"content": "scan", "shape": [32, 32], "frames": 100, "span_px": [38.0, 38.0]}


def stored(path: Path, frames: int = 100, probe: bool = True) -> Path:
    known = known_scan(frames=frames)
    scan = DiffractionScan(
        frames=known.scan.frames.numpy().astype(np.uint16),
        positions=known.scan.places.numpy(),
        index=np.arange(frames),
        variance_factor=1.0,
        probe=known.probe.numpy() if probe else None,
        pixel_nm=10.0,
        provenance={"format": "synthetic"},
    )
    store.write_measurement(path, scan)
    return path


def asked(**others: Any) -> dict[str, Any]:
    return RECIPE.clean({"modes": 1, "epochs": 20, "samples": 8, **others}, FACTS)


def ran(
    folder: Path,
    report: Report = lambda stage, share: None,
    should_stop: ShouldStop = lambda: False,
    frames: int = 100,
    **others: Any,
) -> dict[str, Any]:
    return run(
        "diffraction",
        stored(folder / "scan.zarr", frames),
        folder / "run.zarr",
        asked(**others),
        seed=0,
        report=report,
        should_stop=should_stop,
    )


def test_only_scans_are_taken_and_a_crop_must_fit() -> None:
    with pytest.raises(ParameterErrors, match="takes scanned diffraction frames"):
        RECIPE.clean({}, {"content": "maps", "channels": ["Fe"], "shape": [64, 64]})
    with pytest.raises(ParameterErrors, match="use 16 to 32 of them, or 0"):
        asked(crop=64)
    with pytest.raises(ParameterErrors, match="leave them whole"):
        RECIPE.clean({"crop": 16}, {**FACTS, "propagation": "near"})
    assert RECIPE.cost(asked(samples=16), FACTS) > RECIPE.cost(asked(), FACTS) > 0
    assert RECIPE.memory(asked(modes=3), FACTS) > RECIPE.memory(asked(), FACTS) > 440e6


def test_a_scan_becomes_an_object_with_its_spread(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    found = ran(tmp_path, lambda stage, share: told.append((stage, share)))
    kept = store.RunStore(tmp_path / "run.zarr")
    height, width = kept.shape
    for name in ("estimate", "mean", "std", "lower", "upper", "risk", "solver", "first"):
        assert kept.image(name).shape == (2, height, width), name
    assert kept.image("probe_amplitude").shape == (1, 32, 32)
    assert kept.samples == 8
    estimate, lower, upper = (np.asarray(kept.image(n)[:]) for n in ("estimate", "lower", "upper"))
    lit = np.asarray(kept.image("mask")[:]).astype(bool)
    assert ((lower <= estimate) & (estimate <= upper))[:, lit].all()
    frames = kept.table("frames")
    assert len(frames["index"]) == 100
    assert frames["held"].sum() == 5
    assert len(kept.table("course")["misfit"]) == 23
    assert found["held_out"]["ratio"] < 1.6
    assert found["pixel_nm"] == 10
    assert len(found["verdict"]) == 7
    assert found["held_out"]["ratio"] < found["held_out"]["mean_frame"]
    unseen = found | {"held_out": {**found["held_out"], "mean_frame": 0.5}}
    assert "Do not believe this object" in scan_words.verdict(unseen)[0]
    misfit = found["misfit"]
    assert misfit["solver"] < min(misfit["first"], misfit["network"])
    latent = kept.table("latent")
    assert len(latent["first"]) == len(latent["second"]) == 100
    assert np.isfinite(latent["first"]).all()
    assert sum(found["latent"]["share"]) <= 1
    shares = [share for _, share in told]
    assert shares == sorted(shares)


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        ran(tmp_path / name, frames=36, epochs=5)
    one, two = (
        store.content_hash(tmp_path / name / "run.zarr" / "samples") for name in ("one", "two")
    )
    assert one == two


def test_a_first_object_is_seen_before_the_last_pass_and_a_run_can_be_stopped(
    tmp_path: Path,
) -> None:
    seen: list[bool] = []

    def report(stage: str, share: float) -> None:
        if "pass" in stage:
            seen.append(store.RunPreview(tmp_path / "run.zarr").has("first"))

    with pytest.raises(Stopped):
        ran(tmp_path, report, lambda: len(seen) > 2)
    assert seen == [True] * 3
    assert not (tmp_path / "run.zarr").exists()


def test_too_few_frames_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="16 frames are too few"):
        ran(tmp_path, frames=16)
