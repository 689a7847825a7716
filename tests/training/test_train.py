"""The training command on a few small scenes: it learns, continues, and forks from an ensemble."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from workers.networks.cellnet import CellNet
from workers.training import train as training
from workers.training.muon import Muon, orthogonalised
from workers.training.train import Scenes, start_from, train


@pytest.fixture
def scenes(tmp_path: Path) -> Scenes:
    rng = np.random.default_rng(0)
    for n in range(2):
        blocks = rng.uniform(0, 60, (3, 9, 9)).repeat(12, 1).repeat(12, 2)
        np.savez(tmp_path / f"scene-{n}.npz", rate=blocks.astype(np.float32))
    return Scenes(tmp_path)


def test_training_goes_on_from_its_checkpoint(
    scenes: Scenes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(training.CROP_CELLS, 4, 8)
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
