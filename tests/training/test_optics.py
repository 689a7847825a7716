"""Procedural scans keep what they promise, and a network learns from a few of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from workers.networks.framevit import FrameViT
from workers.posteriors.diffraction.solver import Reconstruction, refine, started
from workers.training.optics.probes import drawn_probe
from workers.training.optics.scans import COUNTS, drawn_scan
from workers.training.optics.specimens import bars, discs, drawn_specimen, grains, rough
from workers.training.train_diffraction import Filling, train


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_probe_lies_within_its_field(seed: int) -> None:
    """It has power one, and little of it reaches the border, where it would wrap around."""
    power = drawn_probe(64, np.random.default_rng(seed)).abs().square()
    assert float(power.sum()) == pytest.approx(1, abs=1e-4)
    assert float(power[3:-3, 3:-3].sum()) > 0.95


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_specimen_adds_no_light(seed: int) -> None:
    specimen = drawn_specimen((60, 50), np.random.default_rng(seed))
    assert specimen.shape == (60, 50)
    assert float(specimen.abs().max()) <= 1 + 1e-5
    assert float(specimen.angle().std()) > 0


@pytest.mark.parametrize("style", [rough, grains, discs, bars])
def test_a_style_is_another_for_another_seed(style) -> None:  # type: ignore[no-untyped-def]
    one, other = (style((40, 40), np.random.default_rng(seed)) for seed in (1, 2))
    assert torch.isfinite(one).all()
    assert not torch.equal(one, other)


def test_a_drawn_scan_is_solved_with_its_own_probe_down_to_its_noise() -> None:
    """So what a network is asked to explain can be explained."""
    scan, probe = drawn_scan(16, 48, np.random.default_rng(1), torch.Generator().manual_seed(0))
    assert COUNTS[0] / 4 < scan.power < COUNTS[1]
    generator = torch.Generator().manual_seed(1)
    found = refine(started(scan, probe), 30, generator, probe_from=99)
    empty = Reconstruction(torch.ones_like(found.object), probe, scan)
    assert found.amplitude_error() < empty.amplitude_error() / 3


@pytest.mark.parametrize("name", ["patches", "frames"])
def test_training_writes_half_the_weights_in_bytes(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.safetensors"
    train(name, 1, 1, 0, file)
    weights = load_file(file)
    assert all(value.dtype == torch.float16 for value in weights.values())
    assert file.stat().st_size < 8_000_000


def test_filling_learns_the_counts_of_hidden_squares() -> None:
    torch.manual_seed(0)
    filling = Filling(FrameViT(48))
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(8, 8, 1, 1, generator=generator).expand(-1, -1, 48, 48)
    optimiser = torch.optim.Adam(filling.parameters(), lr=1e-3)
    errors = []
    for _ in range(12):
        error = filling(inputs, generator)
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(float(error.detach()))
    assert errors[-1] < errors[0] / 2
