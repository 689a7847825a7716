"""A network adapts to a scan without labels, and its patches become one object."""

import numpy as np
import pytest
import torch

from tests.factories.diffraction import SIDE, Known, curved_probe, known_scan
from workers.networks.framevit import FrameViT
from workers.networks.patchnet import PatchNet
from workers.posteriors.diffraction import preview
from workers.posteriors.diffraction.glance import first_guess, glance
from workers.posteriors.diffraction.latent_map import latent_map
from workers.posteriors.diffraction.preview import Adapted, adapted, neighbours, previewed
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import Reconstruction
from workers.posteriors.diffraction.starting import starting_modes
from workers.posteriors.diffraction.stitching import found_object, stitched, stitched_misfit


@pytest.fixture(scope="module")
def known() -> Known:
    return known_scan(frames=64)


def test_patches_of_the_truth_are_stitched_into_the_truth(known: Known) -> None:
    model = known.scan.seen_by(known.probe)
    whole = stitched(model, model.fields(known.object))
    lit = model.illumination() > 0.05 * model.illumination().max()
    assert float((whole - known.object)[lit].abs().max()) < 0.05


def test_the_first_guess_is_nearer_to_the_counts_than_an_empty_object(known: Known) -> None:
    empty = Reconstruction(torch.ones_like(known.object), known.probe, known.scan)
    guess = Reconstruction(first_guess(known.scan, known.probe), known.probe, known.scan)
    assert guess.amplitude_error() < empty.amplitude_error() / 3


@pytest.mark.parametrize("net", [PatchNet(), FrameViT(SIDE)], ids=["patches", "frames"])
def test_an_untrained_network_returns_the_guess(known: Known, net: torch.nn.Module) -> None:
    found, guess = found_object(net, known.scan, known.probe), first_guess(known.scan, known.probe)
    light = known.scan.seen_by(known.probe).illumination()
    lit = light > 0.1 * light.max()
    assert float((found - guess)[lit].abs().mean()) < 0.01


@pytest.mark.parametrize("side", [48, 64, 128])
def test_patches_keep_the_side_of_their_frames(side: int) -> None:
    inputs, base = torch.zeros(2, 8, side, side), torch.ones(2, side, side) * 1j
    assert PatchNet()(inputs, base).shape == base.shape
    assert FrameViT(side)(inputs, base).shape == base.shape


def test_what_the_detector_does_not_count_changes_nothing_a_network_sees(known: Known) -> None:
    mask = torch.ones(SIDE, SIDE, dtype=torch.bool)
    mask[5] = False
    scan = known.scan
    dead, hot = (
        Scan(torch.where(mask, scan.frames, value), scan.places, scan.shape, scan.propagator, mask)
        for value in (0.0, 1e6)
    )
    guess = first_guess(dead, known.probe)
    assert torch.equal(guess, first_guess(hot, known.probe))
    seen = glance(dead, known.probe, guess), glance(hot, known.probe, guess)
    assert torch.equal(seen[0].inputs, seen[1].inputs)
    assert torch.isfinite(seen[0].inputs).all()


def test_adapting_brings_frames_nearer_to_their_counts(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without labels, and the network that was given stays as it was."""
    monkeypatch.setattr(preview, "PASSES", 8)
    torch.manual_seed(0)
    net = PatchNet()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    start = starting_modes(0.7 * curved_probe()[0], 1, known.scan.power)
    heard: list[int] = []
    generator = torch.Generator().manual_seed(1)
    by = adapted(net, known.scan, start, 25, generator, told=lambda step, _: heard.append(step))
    assert heard == list(range(25))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    plain = previewed(Adapted(net, by.probe), known.scan, 0, generator).amplitude_error()
    ours = previewed(by, known.scan, 0, generator).amplitude_error()
    assert ours < 0.9 * plain
    assert previewed(by, known.scan, 2, generator).amplitude_error() < ours


def test_gradients_reach_every_weight_that_draws(known: Known) -> None:
    for net in (PatchNet(), FrameViT(SIDE)):
        guess = first_guess(known.scan, known.probe)
        part = known.scan.of(neighbours(known.scan, torch.Generator().manual_seed(0)))
        stitched_misfit(net, part, known.probe, guess).backward()
        last = [*net.parameters()][-1]
        assert last.grad is not None
        assert float(last.grad.abs().sum()) > 0


def test_neighbours_are_the_frames_nearest_to_one_of_them(known: Known) -> None:
    which = neighbours(known.scan, torch.Generator().manual_seed(3))
    places = known.scan.places
    away = (places - places[which[0]]).norm(dim=1)
    assert float(away[which].max()) <= float(away.sort().values[len(which) - 1]) + 1e-9


@pytest.mark.parametrize("net", [PatchNet(), FrameViT(SIDE)], ids=["patches", "frames"])
def test_frames_that_are_alike_have_one_place_on_the_map(
    known: Known, net: PatchNet | FrameViT
) -> None:
    """Every frame given twice lies twice at one point; the map is the same when made again."""
    each = torch.arange(64)
    found = latent_map(net, known.scan.of(torch.cat([each, each])), known.probe)
    assert found.coordinates.shape == (128, 2)
    assert np.allclose(found.coordinates[:64], found.coordinates[64:], atol=1e-5)
    assert np.ptp(found.coordinates[:64], axis=0).min() > 1e-3
    assert 0 < found.share[1] <= found.share[0] <= 1
    again = latent_map(net, known.scan.of(torch.cat([each, each])), known.probe).columns()
    assert np.array_equal(again["first"], found.coordinates[:, 0])
