"""Teaching the regression a lab's own rocks: splitting, judging, and a verdict that can refuse."""

from pathlib import Path

import numpy as np
import pytest
import torch

from workers.training import teach as teaching
from workers.training.registry import load_flow
from workers.training.teach import (
    Figures,
    TeachingError,
    blocks,
    counts_of,
    halves,
    taught,
    teach,
    verdict,
)
from workers.training.textures import texture


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "CROP_CELLS", 12)
    monkeypatch.setattr(teaching, "SPLITS", 1)


def counts(seed: int, side: int = 64) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(texture(rng, side)[:3]).astype(np.int64)


def test_halves_are_independent_and_together_the_whole() -> None:
    whole = np.full((1, 200, 200), 40)
    first, second = halves(whole, np.random.default_rng(0))
    assert torch.equal(first + second, torch.full((1, 200, 200), 40.0))
    poisson = np.random.default_rng(1).poisson(40, (1, 200, 200))
    first, second = halves(poisson, np.random.default_rng(0))
    r = np.corrcoef(first.numpy().ravel(), second.numpy().ravel())[0, 1]
    assert abs(r) < 0.02
    assert torch.equal(blocks(first, 4)[0, 0, 0], first[0, :4, :4].sum())


def test_teaching_changes_a_copy_and_leaves_what_ships() -> None:
    model = load_flow(4)
    before = model.regression.enter.weight.clone()
    net = taught(model, counts(0), 4, seed=0, steps=3)
    assert torch.equal(model.regression.enter.weight, before)
    assert not torch.equal(net.enter.weight, before)


@pytest.mark.parametrize(
    ("after", "accepted"),
    [
        (Figures(25.0, 0.01), True),
        (Figures(25.0, 0.03), False),  # closer, but its samples cover worse
        (Figures(23.0, 0.01), False),
    ],
)
def test_only_what_is_better_in_both_ways_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: Figures, accepted: bool
) -> None:
    found = iter([Figures(24.0, 0.02), after])
    monkeypatch.setattr(teaching, "judged", lambda *asked: next(found))
    made = teach(counts(0), counts(1), 4, tmp_path / "model", steps=3)
    assert made["accepted"] is accepted
    assert (tmp_path / "model" / "cell4.safetensors").exists() is accepted
    assert (tmp_path / "model" / "card.json").exists()
    assert ("ACCEPTED" in verdict(made)) is accepted
    assert "24.000 -> " in verdict(made)


def test_a_specimen_is_judged_without_any_truth() -> None:
    figures = teaching.judged(load_flow(4), counts(1), 4, seed=0)
    assert 10 < figures.psnr_db < 60
    assert 0 <= figures.coverage_gap < 0.5


def test_maps_that_cannot_be_split_are_refused_with_a_reason(tmp_path: Path) -> None:
    folder = tmp_path / "wt"
    folder.mkdir()
    for element in ("Si", "Fe"):
        np.savetxt(folder / f"{element}.txt", np.random.default_rng(0).random((64, 64)) * 20)
    with pytest.raises(TeachingError, match="no whole counts"):
        counts_of(folder, 4)
    small = tmp_path / "small"
    small.mkdir()
    for element in ("Si", "Fe"):
        rng = np.random.default_rng(0)
        np.savetxt(small / f"{element}.txt", rng.poisson(300, (30, 30)), fmt="%d")
    with pytest.raises(TeachingError, match="takes at least 48 a side"):
        counts_of(small, 4)
