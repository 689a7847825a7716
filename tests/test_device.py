"""Networks compute where they were settled, and nobody who asks them need know where that is."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workers import device
from workers.physics import PoissonNoise, forward_model
from workers.training.registry import load_ensemble, load_flow, load_latent, load_variational

WHERE = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]  # a GPU where there is one
LOADERS = [load_ensemble, load_flow, load_latent, load_variational]


def test_a_worker_without_a_gpu_computes_on_its_processor() -> None:
    """An empty CUDA_VISIBLE_DEVICES is how an operator says so."""
    code = "from workers import device; print(device.device(), device.named())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["cpu", "cpu"]


def test_what_a_network_is_asked_is_brought_to_it_and_its_answer_back() -> None:
    met: list[str] = []

    def how(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        met.extend([one.device.type, other.device.type])
        return torch.zeros_like(one), torch.zeros_like(other)

    net = nn.Linear(1, 1, device="cpu")
    given = torch.ones(3, device="meta"), torch.ones(2, device="meta")
    # A device that every machine has beside its processor; nothing can be brought back from it.
    found = device.asked(nn.Linear(1, 1, device="meta"), how, *given)
    assert met == ["meta", "meta"]
    assert [one.device.type for one in found] == ["meta", "meta"]
    met.clear()
    here = torch.ones(3), torch.ones(2)
    device.asked(net, how, *here)
    assert met == ["cpu", "cpu"]
    met.clear()
    with pytest.raises(NotImplementedError, match="meta"):
        device.asked(nn.Linear(1, 1, device="meta"), how, *here)
    assert met == ["meta", "meta"]  # it was brought there


def test_on_a_processor_nothing_is_moved() -> None:
    net, values = nn.Linear(2, 2), torch.ones(1, 2)
    assert device.asked(net, lambda x: x, values) is values
    if device.device() == "cpu":
        weights = net.weight
        assert device.settled(net).weight is weights


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
@pytest.mark.parametrize("where", WHERE)
def test_a_seed_draws_the_same_map_wherever_the_networks_are(where: str, load) -> None:
    """On a processor to the last bit; on a GPU to its rounding."""
    counts = np.random.default_rng(3).poisson(40.0, (2, 12, 12)).astype(np.float32)
    operator, noise = forward_model("binned", 4), PoissonNoise(torch.ones(2))

    def drawn(at: str) -> list[Tensor]:
        load.cache_clear()
        model = load(4)
        for net in nets(model):
            net.to(at)
        posterior = model.posterior(counts, np.ones((12, 12), bool), operator, noise)
        return [posterior.estimate, *posterior.sample(2, torch.Generator().manual_seed(7))]

    for one, other in zip(drawn("cpu"), drawn(where), strict=True):
        assert one.device.type == other.device.type == "cpu"
        if where == "cpu":
            assert torch.equal(one, other)
        else:
            assert torch.allclose(one, other, rtol=1e-3, atol=1e-2)
    load.cache_clear()


def nets(part: object) -> list[nn.Module]:
    """Every network in a model."""
    if isinstance(part, nn.Module):
        return [part]
    parts = part if isinstance(part, tuple) else getattr(part, "__dict__", {}).values()
    return [net for one in parts for net in nets(one)]
