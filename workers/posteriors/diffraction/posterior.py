"""Objects and probes that agree with the counts as well as the noise allows: posterior samples.

The posterior about its mode is Gaussian with the curvature of the counts (`curvature`) and of the
prior (`prior`). A sample is the mode of the same problem with counts and prior perturbed by a draw
of each (Papandreou & Yuille, NIPS 2010; Orieux, Féron & Giovannelli, IEEE Signal Process. Lett.
19, 251, 2012): exact for a Gaussian, and what the frames do not see varies as the prior lets it.
Every solution is one run of conjugate gradients in the prior's own white numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from scipy import ndimage
from torch import Tensor

from workers.posteriors.diffraction.conjugate import Numbers, conjugate_gradients
from workers.posteriors.diffraction.curvature import Curvature
from workers.posteriors.diffraction.prior import Prior
from workers.posteriors.diffraction.solver import Reconstruction

ROUNDS = 2  # Gauss–Newton steps to the mode
STEPS = 30  # of conjugate gradients
PROBE_SHARE, PROBE_LEAST = 0.3, 0.01  # how far the probe may be off: of its local, its largest size


@dataclass(frozen=True, eq=False)
class Laplace:
    """The posterior of object and probe about `mode`; probes vary by `scale` `(m, s, s)`."""

    mode: Reconstruction
    prior: Prior
    scale: Tensor
    at: Numbers
    variance_factor: float

    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Objects `(H, W)`, one after the other; the same for the same generator."""
        curvature = _curvature(self)
        for _ in range(count):
            w, _ = _solved(self, curvature, generator)
            yield self.prior.mean + self.prior.drawn(self.at[0] + w)


def posterior(start: Reconstruction, prior: Prior, variance_factor: float) -> Laplace:
    """The posterior of what `start` is a first answer of; `variance_factor` of its counts."""
    scale = probe_scale(start.probe)
    nothing = torch.zeros(2, *start.probe.shape)
    at = (_represented(prior, start.object), nothing)
    mode = replace(start, object=prior.mean + prior.drawn(at[0]))
    found = Laplace(mode, prior, scale, at, variance_factor)
    for _ in range(ROUNDS):
        w, v = _solved(found, _curvature(found))
        at = (found.at[0] + w, found.at[1] + v)
        mode = replace(
            start,
            object=prior.mean + prior.drawn(at[0]),
            probe=start.probe + scale * torch.complex(*at[1]),
        )
        found = replace(found, mode=mode, at=at)
    return found


def probe_scale(probe: Tensor) -> Tensor:
    """By how much the values of probe modes `(m, s, s)` may be off, one standard deviation."""
    size = probe.abs().square().numpy()
    local = torch.from_numpy(ndimage.gaussian_filter(size, (0, 2, 2))).sqrt()
    scale: Tensor = PROBE_SHARE * local + PROBE_LEAST * probe.abs().max()
    return scale


def _curvature(found: Laplace) -> Curvature:
    mode = found.mode
    return Curvature(mode.scan, mode.object, mode.probe, found.variance_factor)


def _solved(
    found: Laplace, curvature: Curvature, generator: torch.Generator | None = None
) -> Numbers:
    """The change of white numbers to the mode, or with a generator to a sample."""
    x, probe = curvature.wanted(generator)
    aims = [found.prior.adjoint(x) - found.at[0], _parts(found.scale * probe) - found.at[1]]
    if generator is not None:
        aims = [aim + torch.randn(aim.shape, generator=generator) for aim in aims]

    def applied(numbers: Numbers) -> Numbers:
        w, v = numbers
        x, probe = curvature.normal(found.prior.drawn(w), found.scale * torch.complex(*v))
        return found.prior.adjoint(x) + w, _parts(found.scale * probe) + v

    of_object, of_probe = curvature.diagonal()
    weight = found.prior.bands.square().mean(dim=(1, 2))[:, None, None]
    near = (
        1 / (1 + found.prior.strength.square() * weight * of_object),
        1 / (1 + found.scale.square() * of_probe).expand(2, *found.scale.shape),
    )
    return conjugate_gradients(applied, (aims[0], aims[1]), near, STEPS)


def _represented(prior: Prior, x: Tensor) -> Tensor:
    """White numbers of the prior that give the object `x`, as far as it can be given."""
    aim = prior.adjoint(x - prior.mean)
    nothing = torch.zeros(1)

    def applied(numbers: Numbers) -> Numbers:
        w, v = numbers
        return prior.adjoint(prior.drawn(w)) + 1e-4 * w, v

    return conjugate_gradients(applied, (aim, nothing), (torch.ones(1), nothing), 100)[0]


def _parts(x: Tensor) -> Tensor:
    return torch.stack([x.real, x.imag])
