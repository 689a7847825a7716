"""The training command on a few small scenes: it learns, continues, and forks from an ensemble."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from workers.networks.cellnet import CellNet
from workers.networks.flownet import FlowNet
from workers.physics import PoissonNoise, forward_model
from workers.training import train as training
from workers.training.muon import Muon, orthogonalised
from workers.training.registry import load_ensemble, load_flow_weights, load_latent_weights
from workers.training.train import Scenes, start_from, train
from workers.training.train_flow import Task, asked, score_loss, train_flow, velocity_loss
from workers.training.train_latent import train_latent


@pytest.fixture
def scenes(tmp_path: Path) -> Scenes:
    rng = np.random.default_rng(0)
    for n in range(2):
        blocks = rng.uniform(0, 60, (3, 9, 9)).repeat(12, 1).repeat(12, 2)
        np.savez(tmp_path / f"scene-{n}.npz", rate=blocks.astype(np.float32))
    return Scenes(tmp_path)


@pytest.fixture(autouse=True)
def small_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(training.CROP_CELLS, 4, 8)


def test_training_goes_on_from_its_checkpoint(scenes: Scenes, tmp_path: Path) -> None:
    output = tmp_path / "net.safetensors"
    train(4, 1, 2, (1e-3, 1e-4), scenes, output, None)
    first = output.read_bytes()
    train(4, 1, 4, (1e-3, 1e-4), scenes, output, None)
    assert torch.load(output.with_suffix(".checkpoint"), weights_only=True)["step"] == 4
    assert output.read_bytes() != first


def test_a_start_from_an_ensemble_is_the_mean_of_its_members(tmp_path: Path) -> None:
    nets = [CellNet(2) for _ in range(3)]
    tensors = {
        f"member{m}.{k}": v.contiguous()
        for m, net in enumerate(nets)
        for k, v in net.state_dict().items()
    }
    save_file({**tensors, "residual.fine": torch.zeros(1)}, tmp_path / "cell2.safetensors")
    net = CellNet(2)
    start_from(net, tmp_path / "cell2.safetensors")
    mean = sum(other.enter.weight for other in nets) / 3
    assert torch.allclose(net.enter.weight, mean, atol=1e-6)


@torch.no_grad()
def compared(loss: Callable[..., Tensor], nets: Iterable[FlowNet], task: Task) -> list[float]:
    return [float(loss(net, task, torch.Generator().manual_seed(2))) for net in nets]


def test_a_flow_learns_what_the_regression_leaves_out(scenes: Scenes, tmp_path: Path) -> None:
    """After a few steps its velocity is closer to the right one than none at all is."""
    train_flow(4, 1, 30, (3e-3, 1e-3), scenes, tmp_path / "flow4.safetensors")
    net, untrained = load_flow_weights(tmp_path / "flow4.safetensors", 4), FlowNet(4)
    truth, _ = training.batch(scenes, np.random.default_rng(5), 4)
    task = asked(_regression(), truth, "binned", torch.Generator().manual_seed(1))
    ours, none = compared(velocity_loss, (net, untrained), task)
    assert ours < none


def test_a_flow_ends_by_learning_from_whole_samples(scenes: Scenes, tmp_path: Path) -> None:
    first, last = tmp_path / "first.safetensors", tmp_path / "flow4.safetensors"
    train_flow(4, 1, 2, (3e-3, 1e-3), scenes, first)
    train_flow(4, 1, 25, (3e-3, 1e-3), scenes, last, start=first, score=True)
    truth, _ = training.batch(scenes, np.random.default_rng(5), 4)
    task = asked(_regression(), truth, "binned", torch.Generator().manual_seed(1))
    nets = [load_flow_weights(file, 4) for file in (first, last)]
    before, after = compared(score_loss, nets, task)
    assert after < before


def test_the_literal_latent_model_is_written_whole(scenes: Scenes, tmp_path: Path) -> None:
    file = tmp_path / "latent4.safetensors"
    train_latent((3, 3), 1, scenes, file)
    model = load_latent_weights(file, _regression())
    y = np.random.default_rng(0).poisson(20, (2, 12, 12)).astype(np.float32)
    posterior = model.posterior(
        y, np.ones((12, 12), bool), forward_model("binned", 4), PoissonNoise(torch.ones(2))
    )
    (sample,) = posterior.sample(1, torch.Generator().manual_seed(0))
    assert sample.shape == (2, 48, 48)
    assert torch.isfinite(sample).all()
    assert (posterior.std > 0).all()


def _regression() -> CellNet:
    return load_ensemble(4).members[0]


def test_an_orthogonalised_update_has_singular_values_near_one() -> None:
    update = torch.randn(16, 90, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalised(update))
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


def test_muon_descends() -> None:
    torch.manual_seed(0)
    weight, target = torch.zeros(8, 4, 3, 3, requires_grad=True), torch.randn(8, 4, 3, 3)
    optimiser = Muon([weight], lr=0.05)
    losses = []
    for _ in range(90):
        loss = (weight - target).square().mean()
        weight.grad = None
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
