"""A scan in seconds: a network that has adapted to it draws the object, the solver goes on.

Adapting asks for no label. The solver first finds the probe, because what a file says of it is a
guess, and no object explains the frames of another probe. Then patches of neighbouring frames are
stitched, and the counts they would give are compared with those measured. Probe and network may
be kept for the scans and frames that follow.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workers.posteriors.diffraction.glance import first_guess
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import Reconstruction, refine, started
from workers.posteriors.diffraction.stitching import Finder, found_object, stitched_misfit

PASSES = 20  # of the solver, for the probe
NEIGHBOURS = 24  # frames of one step
RATE = 2e-3
WARM_UP = 10  # steps
GRADIENT = 1.0


@dataclass(frozen=True, eq=False)
class Adapted:
    """A network and the probe modes `(m, s, s)` it has adapted to."""

    net: Finder
    probe: Tensor


def adapted(
    net: nn.Module,
    scan: Scan,
    probe: Tensor,
    steps: int,
    generator: torch.Generator,
    *,
    told: Callable[[int, float], None] = lambda step, misfit: None,
) -> Adapted:
    """A copy of `net` after so many steps on this scan; the same for the same generator.

    A step sees a drawn frame and its nearest neighbours. `told(step, misfit)` may raise to stop.
    """
    probe = refine(started(scan, probe), PASSES, generator).probe
    guess = first_guess(scan, probe)
    net = copy.deepcopy(net).train().requires_grad_(True)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    rates = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    for step in range(steps):
        misfit = stitched_misfit(net, scan.of(neighbours(scan, generator)), probe, guess)
        optimiser.zero_grad()
        misfit.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), GRADIENT)
        optimiser.step()
        rates.step()
        told(step, float(misfit.detach()))
    return Adapted(net.eval().requires_grad_(False), probe)


def previewed(by: Adapted, scan: Scan, epochs: int, generator: torch.Generator) -> Reconstruction:
    """What the network sees in all frames, after so many passes of the solver (none, if 0)."""
    start = Reconstruction(found_object(by.net, scan, by.probe), by.probe, scan)
    return refine(start, epochs, generator, probe_from=0)


def neighbours(scan: Scan, generator: torch.Generator) -> Tensor:
    """A drawn frame and those nearest to it, int64 `(k,)`, at most `NEIGHBOURS`."""
    drawn = int(torch.randint(len(scan.places), (), generator=generator))
    away = (scan.places - scan.places[drawn]).square().sum(dim=1)
    return away.topk(min(NEIGHBOURS, len(away)), largest=False).indices


def _rate(step: int, steps: int) -> float:
    """Up within a few steps, then down to nothing as half a cosine."""
    cosine = torch.cos(torch.tensor(torch.pi * step / steps))
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + float(cosine))
