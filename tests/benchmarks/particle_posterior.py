"""What coarse cells say of particles by physics alone: a posterior over their number and places.

Energies of the layers of each particle are integrated out, as the model is linear in them: cells
are sums of mean showers, their errors noise and the number of spots (Grindhammer and Peters), and
energies have the mean and covariance of generated showers. Places are sampled by annealed
importance sampling with moves between (Del Moral, Doucet and Jasra, J. R. Statist. Soc. B 68, 411),
which also gives the evidence of each number. It starts from places where a map of fine cells has
energy; the answer does not depend on that map but in how fast it is found.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.assessment.calorimeter.template import Template, edges_of
from workers.events import Float
from workers.physics.calorimeter.geometry import PITCH_MM, SIGMA_MEV
from workers.training.shower_scenes import DISC_MM, MOST, Generated, scenes
from workers.training.showers import SPOTS_PER_GEV, UNEVEN

GRID_MM = 3.0  # of places: a fifth of how well a shower is placed at best
CROP = 24  # fine cells around the middle: showers reach no further
SPOTS = (1 + 1 / UNEVEN) / SPOTS_PER_GEV  # variance over energy, GeV
SHAPE = 0.05  # of the energy of a cell: showers differ from their mean
UNSEEN = 1.5  # noises: what may lie in a suppressed cell
KEPT = 0.7  # effective share of a population that one step of annealing leaves
MOVES = 4  # of every sample between two steps
ANYWHERE = 0.1  # share of proposals that follow no map
LEAST_STEP = 0.02  # of annealing, relative: no event holds up the others for ever


@dataclass(frozen=True, eq=False)
class Shapes:
    """Mean showers at every place of the grid: shares `(places, layers, cells)` of their layers."""

    side: int
    coarse: Tensor
    fine: Tensor
    inside: Tensor  # (places,): within the disc that particles come in at
    middles: Tensor  # (places, 2) mm

    @classmethod
    def of(cls, template: Template, factor: int) -> "Shapes":
        """At `factor` fine cells along the side of a coarse one."""
        reach = int(DISC_MM // GRID_MM) + 1
        axis = np.arange(-reach, reach + 1) * GRID_MM
        x, y = (each.ravel() for each in np.meshgrid(axis, axis))
        at = [
            np.concatenate([template.fractions(edges, *p).astype(np.float32) for p in _parts(x, y)])
            for edges in (edges_of(CROP // factor, factor * PITCH_MM), edges_of(CROP, PITCH_MM))
        ]
        coarse, fine = (torch.from_numpy(each).flatten(2) for each in at)
        middles = torch.from_numpy(np.column_stack([x, y]).astype(np.float32))
        return cls(len(axis), coarse, fine, middles.norm(dim=1) <= DISC_MM, middles)

    def index(self, places: Tensor) -> Tensor:
        """Which place of the grid is nearest to `places` `(…, 2)` mm."""
        step = (places / GRID_MM).round().long() + self.side // 2
        step = step.clamp(0, self.side - 1)
        return step[..., 1] * self.side + step[..., 0]


class Events:
    """Coarse cells of `b` events in GeV, and the likelihood of particles in them."""

    def __init__(self, shapes: Shapes, energies: Float, kept: Float) -> None:
        self.shapes = shapes
        self.measured = torch.from_numpy(energies).flatten(2) / 1e3
        noise = torch.tensor(SIGMA_MEV)[:, None] / 1e3
        seen = self.measured.clamp_min(0)
        error = noise**2 + SPOTS * seen + (SHAPE * seen) ** 2
        unseen = (UNSEEN * noise) ** 2 + SPOTS * noise
        there = torch.from_numpy(kept).flatten(2)
        self.weights = 1 / torch.where(there, error, unseen)
        self.mean, self.precision = _usual_energies()
        self.log_det = torch.logdet(self.precision)

    def likelihood(self, places: Tensor) -> Tensor:
        """log p(cells | places), up to a constant, of `places` `(b, p, n, 2)`: `(b, p)`."""
        return self._solved(places)[0]

    def energies(self, places: Tensor) -> Tensor:
        """Expected energies of the layers of each particle, `(b, p, n, layers)` GeV."""
        _, root, half = self._solved(places)
        found = torch.linalg.solve_triangular(root.mT, half[..., None], upper=True)[..., 0]
        b, p, n, _ = places.shape
        return found.reshape(b, p, -1, n).mT + self.mean

    def _solved(self, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Likelihood, and of the normal equations the root and half the answer."""
        shapes = self.shapes.coarse[self.shapes.index(places)]
        b, p, n, layers, _ = shapes.shape
        weights = self.weights[:, None]
        rest = self.measured[:, None] - torch.einsum("bpnlc,l->bplc", shapes, self.mean)
        weighted = shapes * weights[:, :, None]
        within = torch.einsum("bpnlc,bpmlc->bplnm", weighted, shapes)
        normal = torch.zeros(b, p, layers, n, layers, n)
        each = torch.arange(n)
        for layer in range(layers):
            normal[:, :, layer, :, layer, :] = within[:, :, layer]
        for layer, other in np.ndindex(layers, layers):
            normal[:, :, layer, each, other, each] += self.precision[layer, other]
        asked = torch.einsum("bpnlc,bplc->bpln", weighted, rest).flatten(2)
        root = torch.linalg.cholesky(normal.reshape(b, p, layers * n, layers * n))
        half = torch.linalg.solve_triangular(root, asked[..., None], upper=False)[..., 0]
        misfit = (rest.square() * weights).sum(dim=(2, 3)) - half.square().sum(dim=-1)
        volume = root.diagonal(dim1=-2, dim2=-1).log().sum(dim=-1)
        return -misfit / 2 - volume + n * self.log_det / 2, root, half


class Proposal:
    """Places drawn where maps `(b, layers, R, R)` of fine cells have energy."""

    def __init__(self, shapes: Shapes, maps: Float) -> None:
        rows = maps.shape[-1]
        bright = torch.from_numpy(maps.sum(axis=1)).clamp_min(0).sqrt()
        column, row = ((shapes.middles / PITCH_MM).floor().long() + rows // 2).T
        inside = shapes.inside.float()
        near = bright[:, row, column] * inside
        near = near / near.sum(dim=1, keepdim=True).clamp_min(1e-9)
        share = (1 - ANYWHERE) * near + ANYWHERE * inside / inside.sum()
        self.shapes = shapes
        self.summed = share.cumsum(dim=1)
        # Relative to even places in the disc, which is the prior.
        self.log_share = (share * inside.sum()).clamp_min(1e-12).log()

    def draw(self, count: tuple[int, int], generator: torch.Generator) -> Tensor:
        """`(b, *count, 2)` mm."""
        b = len(self.summed)
        drawn = torch.rand(b, math.prod(count), generator=generator) * self.summed[:, -1:]
        which = torch.searchsorted(self.summed, drawn).clamp(max=self.summed.shape[1] - 1)
        places = self.shapes.middles[which].reshape(b, *count, 2)
        return places + (torch.rand(places.shape, generator=generator) - 0.5) * 0.98 * GRID_MM

    def log(self, places: Tensor) -> Tensor:
        """log of how much likelier than even these places `(b, p, n, 2)` are drawn, `(b, p)`."""
        which = self.shapes.index(places)
        return self.log_share.gather(1, which.flatten(1)).reshape(which.shape).sum(dim=-1)


@dataclass
class Population:
    """Samples of one number of particles: `places` `(b, p, n, 2)`, and what is known of each."""

    places: Tensor
    likelihood: Tensor
    proposed: Tensor
    step_mm: Tensor  # (b, 1, 1, 1): of moves

    def chosen(self, which: Tensor) -> None:
        """Keep the samples `which` `(b, p)`."""
        n = self.places.shape[2]
        self.places = self.places.gather(1, which[:, :, None, None].expand(-1, -1, n, 2))
        self.likelihood, self.proposed = (
            each.gather(1, which) for each in (self.likelihood, self.proposed)
        )


def sampled(
    events: Events, proposal: Proposal, number: int, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """`count` samples of the places of `number` particles, and the log evidence `(b,)`."""
    places = proposal.draw((count, number), generator)
    b = len(places)
    now = Population(
        places, events.likelihood(places), proposal.log(places), torch.full((b, 1, 1, 1), 40.0)
    )
    warmth, evidence = torch.zeros(b), torch.zeros(b)
    while warmth.min() < 1:
        gain = now.likelihood - now.proposed
        step = _step(gain, warmth)
        weights = step[:, None] * gain
        evidence += weights.logsumexp(dim=1) - math.log(count)
        now.chosen(_resampled(weights.softmax(dim=1), generator))
        warmth = torch.where(warmth + step > 1 - 1e-6, 1.0, warmth + step)
        for _ in range(MOVES if warmth.min() < 1 else 3 * MOVES):
            _move(now, events, proposal, warmth, generator)
    return now.places, evidence


def mean_map(events: Events, places: Tensor, energies: Float, factor: int) -> Float:
    """Measured energies `(b, layers, r, r)` MeV divided as the samples say on average."""
    side = CROP // factor
    found = []
    for at, expected in zip(places, events.energies(places).clamp_min(0), strict=True):
        shapes = events.shapes.fine[events.shapes.index(at)]
        fine = torch.einsum("pnl,pnlc->plc", expected, shapes)
        blocks = fine.reshape(len(at), -1, side, factor, side, factor)
        shares = blocks / blocks.sum(dim=(3, 5), keepdim=True).clamp_min(1e-9)
        found.append(shares.mean(dim=0))
    whole = torch.from_numpy(energies).clamp_min(0)[:, :, :, None, :, None]
    answer: Float = (torch.stack(found) * whole).flatten(4, 5).flatten(2, 3).numpy()
    return answer


def _move(
    now: Population,
    events: Events,
    proposal: Proposal,
    warmth: Tensor,
    generator: torch.Generator,
) -> None:
    """One Metropolis step of every sample: a particle, a pair against each other, or anew."""
    b, p, n, _ = now.places.shape
    kind = torch.rand(b, p, generator=generator)
    anew, pair = kind > 0.8, (kind < 0.35) & torch.tensor(n > 1)
    moved = torch.randint(n, (b, p), generator=generator)
    other = (moved + torch.randint(1, max(n, 2), (b, p), generator=generator)) % n
    one = torch.nn.functional.one_hot(moved, n)[..., None]
    against = torch.nn.functional.one_hot(other, n)[..., None] * pair[..., None, None]
    # Steps of many lengths: a place is known to 2 mm or to a cell.
    length = now.step_mm * 10 ** (-1.2 * torch.rand(b, p, 1, 1, generator=generator))
    step = torch.randn(b, p, 1, 2, generator=generator) * length
    walked = now.places + step * (one - against)
    drawn = proposal.draw((p, 1), generator)
    places = torch.where(anew[..., None, None], torch.where(one.bool(), drawn, now.places), walked)
    likelihood, proposed = events.likelihood(places), proposal.log(places)
    hot = warmth[:, None]
    gain = hot * (likelihood - now.likelihood) + (1 - hot) * (proposed - now.proposed)
    gain = gain - torch.where(anew, proposed - now.proposed, 0.0)
    inside = (places.square().sum(dim=-1) <= DISC_MM**2).all(dim=-1)
    taken = inside & (torch.rand(b, p, generator=generator).log() < gain)
    now.places = torch.where(taken[..., None, None], places, now.places)
    now.likelihood = torch.where(taken, likelihood, now.likelihood)
    now.proposed = torch.where(taken, proposed, now.proposed)
    share = (taken & ~anew).sum(dim=1) / (~anew).sum(dim=1).clamp_min(1)
    now.step_mm = (now.step_mm * (0.4 * (share - 0.25))[:, None, None, None].exp()).clamp(2, 150)


def _step(gain: Tensor, warmth: Tensor) -> Tensor:
    """How much warmer `(b,)` so that the share KEPT of a population still counts."""
    low, high = torch.zeros_like(warmth), 1 - warmth
    for _ in range(18):
        middle = (low + high) / 2
        share = (middle[:, None] * gain).softmax(dim=1)
        fine = 1 / share.square().sum(dim=1) > KEPT * gain.shape[1]
        low, high = torch.where(fine, middle, low), torch.where(fine, high, middle)
    least = torch.minimum(1 - warmth, LEAST_STEP * warmth + 1e-5)
    return torch.maximum(high, least)


def _resampled(share: Tensor, generator: torch.Generator) -> Tensor:
    """Systematic resampling: numbers of samples `(b, p)`, each as often as its share."""
    b, p = share.shape
    comb = (torch.arange(p) + torch.rand(b, 1, generator=generator)) / p
    return torch.searchsorted(share.cumsum(dim=1), comb.contiguous()).clamp(max=p - 1)


def _usual_energies() -> tuple[Tensor, Tensor]:
    """Mean `(layers,)` and precision of the energies of a particle's layers, GeV."""
    made = scenes(Generated(), 1500, np.random.default_rng(5), (1, 1))
    layers = made.fine.sum(axis=(2, 3), dtype=np.float64) / 1e3
    spread = np.cov(layers.T) + 1e-3 * np.eye(layers.shape[1])
    mean, precision = layers.mean(axis=0), np.linalg.inv(spread)
    return torch.from_numpy(mean).float(), torch.from_numpy(precision).float()


def _parts(x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(x[at : at + 500], y[at : at + 500]) for at in range(0, len(x), 500)]


NUMBERS = tuple(range(1, MOST + 1))
