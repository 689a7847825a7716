"""The recipe for rocking curves: what it asks, what it refuses, what it leaves in the store."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.posteriors.bragg.test_phasing import SIDE, crystal
from workers import store
from workers.posteriors.bragg.alike import alike
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.run import Report, RunError, ShouldStop, Stopped, run
from workers.volume import Volume

RECIPE = RECIPES["bragg"]
FACTS = {"content": "volume", "shape": [26, 30], "frames": 28}


def stored(path: Path, dead: bool = False, brightest: float = 1e6) -> Path:
    """A rocking curve of the known crystal, in counts, in the middle of a larger detector."""
    intensity = torch.fft.fftshift(torch.fft.fftn(crystal()).abs().square())
    counts = torch.poisson(
        intensity * brightest / intensity.max(), torch.Generator().manual_seed(0)
    )
    frames = np.pad(counts.numpy(), ((2, 2), (1, 1), (3, 3))).astype(np.uint32)
    mask = np.ones((26, 30), bool)
    if dead:
        mask[:, 8] = False
        frames[:, ~mask] = 10**6
    volume = Volume(frames, mask=mask if dead else None, provenance={"format": "synthetic"})
    store.write_measurement(path, volume)
    return path


def ran(
    folder: Path,
    report: Report = lambda stage, share: None,
    should_stop: ShouldStop = lambda: False,
    asked: dict[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    return run(
        "bragg",
        stored(folder / "curve.zarr", **others),
        folder / "run.zarr",
        RECIPE.clean({"side": SIDE, "starts": 2, **(asked or {})}, FACTS),
        seed=0,
        report=report,
        should_stop=should_stop,
    )


def test_only_rocking_curves_are_taken_and_the_cube_must_fit() -> None:
    with pytest.raises(ParameterErrors, match="takes the frames of a rocking curve"):
        RECIPE.clean({}, {"content": "maps", "channels": ["Fe"], "shape": [64, 64]})
    with pytest.raises(ParameterErrors, match="28 frames of 26 × 30 pixels: choose 26 or less"):
        RECIPE.clean({"side": 32}, FACTS)
    with pytest.raises(ParameterErrors, match="measure more angles"):
        RECIPE.clean({"side": 16}, {**FACTS, "frames": 9})
    assert RECIPE.suggest(FACTS) == {"side": 24}
    assert RECIPE.suggest({**FACTS, "frames": 9}) == {}
    two, four = (RECIPE.clean({"side": 24, "starts": n}, FACTS) for n in (2, 4))
    assert RECIPE.cost(four, FACTS) == 2 * RECIPE.cost(two, FACTS) > 0
    assert RECIPE.memory(four, FACTS) > RECIPE.memory(two, FACTS) > 440e6


def test_a_rocking_curve_becomes_a_crystal_and_what_its_starts_share(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    found = ran(tmp_path, lambda stage, share: told.append((stage, share)))
    kept = store.RunStore(tmp_path / "run.zarr")
    for name in ("magnitude", "phase", "differ"):
        assert kept.image(name).shape == (SIDE, SIDE, SIDE), name
    for name in ("first", "estimate"):
        assert kept.image(name).shape == (2, SIDE, SIDE), name
    magnitude, phase = (torch.from_numpy(kept.image(n)[:]) for n in ("magnitude", "phase"))
    assert alike(torch.polar(magnitude, phase), crystal())[1] > 0.95
    middle = torch.argwhere(magnitude > 0.3).double().mean(dim=0)
    assert middle.numpy() == pytest.approx([SIDE // 2] * 3, abs=1)
    assert found["crystal"]["voxels"] == pytest.approx(264, rel=0.2)  # of `crystal`
    assert max(found["misfit"]["squared"]) < 0.02
    assert found["misfit"]["root"] == [error**0.5 for error in found["misfit"]["squared"]]
    assert found["agreement"]["least"] > 0.95
    assert found["agreement"]["period_px"] < 4
    assert len(kept.table("course")["misfit"]) == 2 * 22
    transfer = kept.table("transfer")["share"]
    assert transfer[0] > 0.95
    assert len(found["verdict"]) == 4
    shares = [share for _, share in told]
    assert shares == sorted(shares)


def test_pixels_that_do_not_count_are_not_taken_for_counts(tmp_path: Path) -> None:
    """A dead column is a tenth of the fringes; it is free, whatever its pixels say."""
    assert max(ran(tmp_path, dead=True)["misfit"]["squared"]) < 0.03


def test_a_run_can_be_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    seen: list[bool] = []

    def report(stage: str, share: float) -> None:
        if "start 2" in stage:
            seen.append(store.RunPreview(tmp_path / "run.zarr").has("first"))

    with pytest.raises(Stopped):
        ran(tmp_path, report, lambda: bool(seen))
    assert seen == [True]
    assert not (tmp_path / "run.zarr").exists()


def test_a_curve_without_a_peak_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="No pixel counted 1000 or more: lower the threshold"):
        ran(tmp_path, brightest=100, asked={"threshold": 1000})
