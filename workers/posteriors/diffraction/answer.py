"""From frames to an object with everything that is unsure about it, in one go.

All frames give the object, two halves of them the prior (and the resolution), both together the
posterior that samples are drawn from. Halves start anew: one that started from the whole would
agree with the other about noise.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workers.assessment.diffraction.gauge import registered
from workers.posteriors.diffraction.polishing import polished
from workers.posteriors.diffraction.posterior import Laplace, posterior
from workers.posteriors.diffraction.prior import fitted_prior
from workers.posteriors.diffraction.solver import Reconstruction, refine

LIT = 0.05  # of the brightest pixel's light: below, an object is not shown
EVEN = 0.3  # of the brightest pixel's light: above, pixels count alike when objects are compared
COUNTED = 0.4  # of all epochs before counts are taken as Poisson


@dataclass(frozen=True, eq=False)
class Answer:
    """What the solver found, the halves registered to it, and the posterior; `light` `(H, W)`."""

    solved: Reconstruction
    halves: tuple[Tensor, Tensor]
    posterior: Laplace
    light: Tensor

    @property
    def estimate(self) -> Tensor:
        """The mode of the posterior, complex64 `(H, W)`."""
        return self.posterior.mode.object

    @property
    def weight(self) -> Tensor:
        """How much a pixel counts when objects are compared."""
        return self.light.clamp(max=EVEN)

    def samples(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Objects `(H, W)`, each in the gauge of the estimate."""
        for sample in self.posterior.sample(count, generator):
            yield registered(sample, self.estimate, self.weight)


def solved(
    start: Reconstruction,
    epochs: int,
    generator: torch.Generator,
    places_from: int | None = None,
    told: Callable[[int, float], None] = lambda epoch, error: None,
) -> Reconstruction:
    """`start` refined, by nearest amplitudes first, then by the likelihood of the counts."""
    counted = round(COUNTED * epochs)
    found = refine(
        start, epochs, generator, places_from=places_from, counted_from=counted, told=told
    )
    return polished(found)


def answered(
    start: Reconstruction,
    found: Reconstruction,
    epochs: int,
    generator: torch.Generator,
    *,
    variance_factor: float,
    told: Callable[[int, float], None] = lambda epoch, error: None,
) -> Answer:
    """The posterior about what was `found` from `start`, with halves of as many `epochs`.

    `told(epoch, R)` hears of every pass over a half, counted through both, and may raise.
    """
    light = found.model.illumination()
    light = light / light.max()
    halves = []

    def after(passes: int) -> Callable[[int, float], None]:
        return lambda epoch, error: told(passes + epoch, error)

    for first in (0, 1):
        scan = found.scan.of(torch.arange(first, len(found.scan.frames), 2))
        half = solved(
            replace(start, scan=scan, misfit=()),
            epochs,
            generator,
            told=after(first * epochs),
        )
        halves.append(registered(half.object, found.object, light.clamp(max=EVEN)))
    pair = (halves[0], halves[1])
    prior = fitted_prior(found.object, pair, light > LIT)
    return Answer(found, pair, posterior(found, prior, variance_factor), light)
