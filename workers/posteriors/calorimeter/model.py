"""What the fine cells of events may look like: an estimate, and samples that agree with the sums.

The estimate is the mean of what the network of fractions says of an event looked at from its eight
sides. A sample takes the side of its number; the flow imagines how energies lie in every coarse
cell together, the total of a cell is drawn as the network knows it, and the consistency layer of
the physics holds the sums to what was measured, within noise. Suppressed cells have no children:
what they may hide is what `CellNoise` with the limits of `Clustering` allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.networks.flownet import moving
from workers.networks.splitflow import SplitFlow
from workers.networks.splitnet import Split, SplitNet
from workers.physics.calorimeter import CellNoise, CellSum
from workers.physics.calorimeter.geometry import planar
from workers.posteriors.calorimeter.plane import map_of
from workers.posteriors.calorimeter.sides import SIDES, turned, turned_back

STEPS = 10
BATCH = 64  # events at once


@dataclass(frozen=True)
class Estimate:
    """Of `b` events: `mean` `(b, layers, R, R)` MeV, `number` `(b, most)`: P(N = 1, 2, …)."""

    mean: Tensor
    number: Tensor


@dataclass(frozen=True)
class ShowerModel:
    """The networks of one factor; `warmth` divides the logits of the number of particles."""

    split: SplitNet
    flow: SplitFlow
    steps: int = STEPS
    warmth: float = 1.0

    @torch.inference_mode()
    def estimate(self, energies: Tensor, kept: Tensor) -> Estimate:
        """`energies` `(b, layers, r, r)` MeV and which cells were `kept`."""
        parts = [self._estimate(*part) for part in self._parts(energies, kept)]
        return Estimate(
            torch.cat([part.mean for part in parts]), torch.cat([part.number for part in parts])
        )

    @torch.inference_mode()
    def samples(
        self, energies: Tensor, kept: Tensor, count: int, generator: torch.Generator
    ) -> Tensor:
        """`(b, count, layers, R, R)` MeV; arguments as for `estimate`."""
        return torch.cat(
            [
                torch.stack([self._last(*part, k, generator) for k in range(count)], dim=1)
                for part in self._parts(energies, kept)
            ]
        )

    @torch.inference_mode()
    def course(
        self, energies: Tensor, kept: Tensor, k: int, generator: torch.Generator
    ) -> Iterator[Tensor]:
        """Sample `k` after each step, `(b, layers, R, R)` MeV: how it came out of noise."""
        energies = energies * kept
        side, window = k % SIDES, _window(kept)
        e, m = turned(energies[window], side), turned(kept[window], side)
        split = self._split(e, m)
        seen = m.any(dim=1, keepdim=True).to(split.total.device)
        given = self.flow.condition(split, seen)
        drawn = torch.randn(split.total.shape, generator=generator).to(split.total)
        total = (split.total + split.error * drawn).clamp_min(0) * m.to(drawn)
        shape = (len(e), self.flow.channels, *e.shape[-2:])
        start = torch.randn(shape, generator=generator).to(drawn)
        for x in moving(self.flow, start, given, self.steps):
            children = _fractions(split, x) * total[:, :, None]
            fine = turned_back(map_of(children, self.split.factor), side).to(energies)
            yield self._agreeing(self._whole(fine, energies, window), energies, kept, generator)

    def _last(self, energies: Tensor, kept: Tensor, k: int, generator: torch.Generator) -> Tensor:
        for sample in self.course(energies, kept, k, generator):
            last = sample
        return last

    def _estimate(self, energies: Tensor, kept: Tensor) -> Estimate:
        window = _window(kept)
        means, numbers = [], []
        for side in range(SIDES):
            e, m = (turned(values[window], side) for values in (energies * kept, kept))
            split = self._split(e, m)
            mean = split.mean(m.to(split.total.device))
            means.append(turned_back(map_of(mean, self.split.factor), side).to(energies))
            numbers.append(split.number.softmax(dim=1).to(energies))
        whole = self._whole(torch.stack(means).mean(dim=0), energies, window)
        number = torch.stack(numbers).mean(dim=0).clamp_min(1e-6)
        return Estimate(whole, (number.log() / self.warmth).softmax(dim=1))

    def _split(self, energies: Tensor, kept: Tensor) -> Split:
        """Asked where the network lies."""
        there = self.split.enter.weight.device
        found: Split = self.split(energies.to(there), kept.to(there))
        return found

    def _parts(self, energies: Tensor, kept: Tensor) -> list[tuple[Tensor, Tensor]]:
        parts = (slice(at, at + BATCH) for at in range(0, len(kept), BATCH))
        return [(energies[part], kept[part]) for part in parts]

    def _whole(self, fine: Tensor, energies: Tensor, window: tuple[slice, ...]) -> Tensor:
        """A map of the window put back into its plane."""
        factor = self.split.factor
        rows, columns = (slice(factor * side.start, factor * side.stop) for side in window[-2:])
        size = (factor * energies.shape[-2], factor * energies.shape[-1])
        whole = fine.new_zeros(*fine.shape[:-2], *size)
        whole[..., rows, columns] = fine
        return whole

    def _agreeing(
        self, fine: Tensor, energies: Tensor, kept: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Sums within the noise of what was measured; the physics' consistency layer."""
        rows = fine.shape[-1]
        forward = CellSum.of(planar(self.split.factor, rows))
        noise = CellNoise(self.split.sigma.to(fine).expand(energies.shape[1:]).flatten())
        moved = forward.consistency(
            fine.flatten(1), energies.flatten(1), noise, kept.flatten(1), generator=generator
        )
        return moved.reshape(fine.shape)


def _fractions(split: Split, x: Tensor) -> Tensor:
    """Fractions of whitened residuals `x` of their amplitudes; even where all amplitudes are 0."""
    residual = x.reshape(split.amplitude.shape)
    power = (split.amplitude + split.spread * residual).clamp_min(0).square()
    whole = power.sum(dim=2, keepdim=True)
    return torch.where(whole > 0, power / whole.clamp_min(1e-12), split.fractions)


def _window(kept: Tensor) -> tuple[slice, ...]:
    """The smallest square around everything that was kept in a batch: the rest cannot matter."""
    seen = kept.any(dim=0).any(dim=0)
    places = seen.nonzero()
    if not len(places):
        return (slice(None), slice(None), slice(0, 1), slice(0, 1))
    low, high = int(places.min()), int(places.max()) + 1
    return (slice(None), slice(None), slice(low, high), slice(low, high))
