"""The direct rival of the diffusion benchmark: its committed weights, and what its samples keep."""

import numpy as np
import pytest
import torch

from tests.benchmarks import direct, synthetic
from tests.benchmarks.train_direct import direct_loss
from workers.physics import PoissonNoise, forward_model

SPECIMEN = next(synthetic.rocks(5, 1, 300.0))


def posterior(settled: bool = True) -> direct.DirectPosterior:
    model, y = direct.load_direct(), SPECIMEN.y[:3, :16, :16]
    if not settled:
        model = direct.direct_model(direct.WEIGHTS, model.direct.steps, settled=False)
    mask, noise = np.ones(y.shape[1:], bool), PoissonNoise(torch.ones(len(y)))
    return model.posterior(y, mask, forward_model("binned", 4), noise)


def samples(found: direct.DirectPosterior, seed: int, count: int = 2) -> torch.Tensor:
    return torch.stack(list(found.sample(count, torch.Generator().manual_seed(seed))))


def test_pixels_come_back_from_their_cells() -> None:
    image, scale = torch.rand(2, 8, 12), 0.5 + torch.rand(2, 8, 12)
    again = direct.from_cells(direct.to_cells(image, scale), scale)
    torch.testing.assert_close(again, image)


def test_a_seed_decides_samples_that_differ_from_each_other() -> None:
    found = posterior()
    one, again, other = (samples(found, seed) for seed in (0, 0, 1))
    assert one.shape == (2, 3, 64, 64)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])


def test_samples_agree_with_the_counts_once_settled_and_strictly_when_asked() -> None:
    found = posterior()
    for sample in samples(found, 0):
        chi2 = found.noise.chi2(found.forward.expected(sample), found.y, found.mask)
        assert 0.5 < chi2.mean() < 1.25
    strict = samples(found.strictly(), 0)
    assert (strict >= 0).all()
    for sample in strict:
        torch.testing.assert_close(found.forward.expected(sample), found.y, rtol=1e-4, atol=1e-3)
    raw = samples(posterior(settled=False), 0)
    assert (found.forward.expected(raw[0]) - found.y).abs().max() > 1


def test_it_has_learned_the_scene_and_not_only_its_block_means() -> None:
    truth = torch.from_numpy(SPECIMEN.truth[:3, :64, :64])
    flat = torch.from_numpy(np.kron(SPECIMEN.y[:3, :16, :16], np.ones((1, 4, 4), np.float32)))
    mean = samples(posterior(), 0, 4).mean(0)
    assert (mean - truth).abs().mean() < 0.9 * (flat - truth).abs().mean()


def test_training_lowers_the_loss() -> None:
    torch.manual_seed(0)
    net = direct.DirectNet()
    truth = torch.from_numpy(SPECIMEN.truth[None, :2, :32, :32])
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        value = direct_loss(net, truth, torch.Generator().manual_seed(0))
        adam.zero_grad()
        value.backward()
        adam.step()
        losses.append(value.item())
    assert all(np.isfinite(losses))
    assert losses[-1] < 0.8 * losses[0]


def test_weights_other_than_those_of_the_card_are_refused(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "direct.safetensors"
    other.write_bytes(direct.WEIGHTS.read_bytes()[:-1])
    monkeypatch.setattr(direct, "WEIGHTS", other)
    direct.load_direct.cache_clear()
    with pytest.raises(ValueError, match="is not the file"):
        direct.load_direct()
