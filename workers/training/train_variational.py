"""Fit the distribution of a shipped regression's last layers on synthetic minerals, with Pyro.

`python -m workers.training.train_variational --cell 4 --scenes DIR --output DIR`

The regression is the first member of the shipped ensemble; its features are fixed, so it is run
once over `--scenes`, which must be scenes it was *not* trained on.

Pixels of a scene are not independent: taken one by one, 160 scenes would leave nothing unknown of
the weights. So the likelihood is tempered: a scene counts as much as a few independent cells. How
many cannot be learned from the same scenes. Written is one file for each of `PER_SCENE`, one for
each dropout rate of `RATES` and, for what it costs, a mean-field guide; which of them ships is
chosen on calibration scenes by `training.calibrate_variational`.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.infer.autoguide import (
    AutoDiagonalNormal,
    AutoLowRankMultivariateNormal,
    init_to_mean,
)
from pyro.infer.autoguide.guides import AutoContinuous
from pyro.optim import ClippedAdam
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from workers.networks.cellnet import CellNet
from workers.posteriors.cells import cell_basis, look, prepare
from workers.posteriors.variational import LOG_SIGMA, hidden, last_layers
from workers.training.registry import load_ensemble
from workers.training.train import Scenes, batch, measure, operator_for

PER_SCENE = (1, 4, 16, 64, 256)  # independent cells that a scene counts as
RATES = (0.01, 0.02, 0.05, 0.1, 0.2)
RANK = 32
STEPS = 1500
MAPS = 600  # simulated measurements from which cells are taken
CELLS = 512  # of each
MINIBATCH = 2048
FAR = 4.0  # sigmas beyond which errors are Laplace's, as in the regression's own training

Tensors = dict[str, Tensor]
Guide = Callable[[Callable[..., None]], AutoContinuous]


def low_rank(model: Callable[..., None]) -> AutoContinuous:
    """A Gaussian over all weights at once."""
    return AutoLowRankMultivariateNormal(model, init_loc_fn=init_to_mean, init_scale=0.1, rank=RANK)


def mean_field(model: Callable[..., None]) -> AutoContinuous:
    """Every weight for itself: the cheapest family, which cannot say that weights trade off."""
    return AutoDiagonalNormal(model, init_loc_fn=init_to_mean, init_scale=0.1)


def fit(
    model: Callable[..., None],
    guide: Guide,
    data: Callable[[torch.Generator], tuple[Tensor, ...]],
    *,
    steps: int,
    seed: int,
    rate: float = 0.03,
) -> AutoContinuous:
    """Stochastic variational inference (Hoffman 2013); `data` draws the arguments of a step.

    Runs in a parameter store of its own and leaves the global generator as it was.
    """
    generator = torch.Generator().manual_seed(seed)
    with pyro.get_param_store().scope(), torch.random.fork_rng(devices=[]):
        pyro.set_rng_seed(seed)
        fitted = guide(model)
        adam = ClippedAdam({"lr": rate, "lrd": 0.01 ** (1 / steps), "clip_norm": 1e6})
        svi = SVI(model, fitted, adam, Trace_ELBO())
        for _ in range(steps):
            svi.step(*data(generator))
    return fitted


@dataclass(frozen=True)
class Taken:
    """Cells of scenes the regression never saw, as its last layers see them.

    inputs : features and a one, `(cells, 2, j)`; target : the truth of every coefficient in the
    units of the network's outputs, `(cells, cell²)`.
    """

    inputs: Tensor
    target: Tensor

    def some(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(self.target), (MINIBATCH,), generator=generator)
        return self.inputs[chosen], self.target[chosen]


@torch.no_grad()
def take(net: CellNet, scenes: Scenes, seed: int, maps: int = MAPS) -> Taken:
    """Measure scenes as in training and keep some cells of each measurement."""
    rng, generator = np.random.default_rng([net.cell, seed]), torch.Generator().manual_seed(seed)
    inputs, targets = [], []
    for _ in range(maps):
        truth, _ = batch(scenes, rng, net.cell)
        forward, y = measure(truth, operator_for(net.cell, rng), net.cell, generator)
        cells = prepare(y, forward, torch.ones(1, 1, 1, 1))
        target = (cell_basis(forward).to_coefficients(truth) - cells.start) / cells.unit
        found = hidden(net, look(net, cells)).permute(0, 1, 4, 5, 2, 3).flatten(0, 3)
        target = target.permute(0, 1, 3, 4, 2).flatten(0, 3)
        chosen = torch.randperm(len(target), generator=generator)[:CELLS]
        inputs.append(torch.cat([found[chosen], torch.ones(len(chosen), 2, 1)], -1))
        targets.append(target[chosen])
    return Taken(torch.cat(inputs), torch.cat(targets))


def whitening(inputs: Tensor) -> Tensor:
    """What makes the features of each layer white, `(2, j, j)`: the root of their moments'
    inverse."""
    moments = torch.einsum("clj,clk->ljk", inputs.double(), inputs.double()) / len(inputs)
    values, vectors = torch.linalg.eigh(moments)
    values = values.clamp(min=1e-6 * float(values.max()))
    white: Tensor = (vectors * values.rsqrt().unsqueeze(-2)) @ vectors.mT
    return white.float()


def log_likelihood(weights: Tensor, inputs: Tensor, target: Tensor) -> Tensor:
    """Of each cell, `(cells,)`, up to a constant: Gaussian near, Laplace far."""
    mean, log_sigma = torch.einsum("lnj,clj->lcn", weights, inputs)
    log_sigma = log_sigma.clamp(*LOG_SIGMA)
    misfit = (target - mean) * torch.exp(-log_sigma)
    far = F.huber_loss(misfit, torch.zeros_like(misfit), reduction="none", delta=FAR)
    likelihood: Tensor = -(far + log_sigma).sum(-1)
    return likelihood


@dataclass(frozen=True)
class Prior:
    """Normal about the shipped weights in white coordinates (`LowRank`).

    One prior standard deviation moves the mean of a typical cell by its typical sigma, and its
    log-sigma by one (Zellner 1986); the latent variable is in units of it.
    """

    white: Tensor
    location: Tensor
    scale: Tensor

    @classmethod
    def about(cls, shipped: Tensor, taken: Taken) -> "Prior":
        white = whitening(taken.inputs)
        log_sigma = torch.einsum("nj,cj->cn", shipped[1], taken.inputs[:, 1]).clamp(*LOG_SIGMA)
        typical = torch.stack([log_sigma.mean(0).exp(), torch.ones(len(shipped[1]))])
        inputs = shipped.shape[-1]
        scale = typical[..., None].expand_as(shipped) / inputs**0.5
        return cls(white, torch.linalg.solve(white, shipped, left=False), scale)

    def weights(self, z: Tensor) -> Tensor:
        return (self.location + self.scale * z.view_as(self.location)) @ self.white

    def model(self, cells: float) -> Callable[[Tensor, Tensor], None]:
        """The Pyro model in which all data count as much as `cells` independent cells."""

        def said(inputs: Tensor, target: Tensor) -> None:
            count = self.location.numel()
            z = pyro.sample("weights", dist.Normal(0.0, 1.0).expand([count]).to_event(1))
            likelihood = log_likelihood(self.weights(z), inputs, target)
            pyro.factor("cells", cells / len(target) * likelihood.sum())

        return said


def low_rank_weights(prior: Prior, guide: AutoContinuous) -> dict[str, Tensor]:
    """The tensors of `LowRank` for a fitted guide, of any Gaussian family."""
    fitted = guide.get_posterior()
    shape, scale = prior.location.shape, prior.scale
    with torch.no_grad():
        factor = getattr(fitted, "cov_factor", torch.zeros(scale.numel(), 1))
        diagonal = fitted.cov_diag if hasattr(fitted, "cov_diag") else fitted.variance
        return {
            "location": prior.location + scale * guide.loc.view(shape),
            "factor": scale[..., None] * factor.view(*shape, -1),
            "diagonal": scale.square() * diagonal.view(shape),
            "white": prior.white,
        }


def dropout_weights(prior: Prior, taken: Taken, rate: float, seed: int) -> Tensor:
    """Last layers for features that are silent at random, `(2, n, j)`, by gradient descent.

    The same model and prior as the guides', the family being Bernoulli's.
    """
    generator = torch.Generator().manual_seed(seed)
    z = torch.zeros(prior.location.numel(), requires_grad=True)
    adam = torch.optim.Adam([z], lr=0.03)
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, 0.01 ** (1 / STEPS))
    for _ in range(STEPS):
        inputs, target = taken.some(generator)
        heard = torch.rand(inputs.shape, generator=generator) >= rate
        heard[..., -1] = True  # the bias is no feature
        loud = torch.full((inputs.shape[-1],), 1 / (1 - rate))
        loud[-1] = 1.0
        likelihood = log_likelihood(prior.weights(z), inputs * heard * loud, target).mean()
        loss = 0.5 * z.square().sum() / len(taken.target) - likelihood
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
    return prior.weights(z).detach()


def candidates(net: CellNet, taken: Taken, scenes: int, seed: int) -> Iterator[tuple[str, Tensors]]:
    """Name and tensors of every distribution that may ship, one after the other."""
    prior = Prior.about(last_layers(net), taken)

    def fitted(guide: Guide, per_scene: int) -> Tensors:
        model = prior.model(float(scenes * per_scene))
        return low_rank_weights(prior, fit(model, guide, taken.some, steps=STEPS, seed=seed))

    for each in PER_SCENE:
        yield f"low-rank-{each}", fitted(low_rank, each)
    for rate in RATES:
        weights = dropout_weights(prior, taken, rate, seed)
        yield f"dropout-{rate}", {"weights": weights, "rate": torch.tensor(rate)}
    for each in PER_SCENE:
        yield f"mean-field-{each}", fitted(mean_field, each)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    net, scenes = load_ensemble(given.cell).members[0], Scenes(given.scenes)
    taken = take(net, scenes, given.seed)
    for name, tensors in candidates(net, taken, len(scenes.rates), given.seed):
        file = given.output / f"cell{given.cell}-{name}.safetensors"
        save_file({k: v.contiguous() for k, v in tensors.items()}, file)
        print(file.name, flush=True)  # noqa: T201  the training command speaks on the terminal


if __name__ == "__main__":
    main()
