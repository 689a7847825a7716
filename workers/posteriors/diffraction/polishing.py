"""The end of a reconstruction: steps that see all frames at once.

Batches of frames find detail soon and smooth phases late: what object and probe can exchange over
the width of the probe costs hardly any misfit. On drawn scenes that error was 0.05 rad after sixty
passes, at any dose, and several times what noise gives; Gauss–Newton steps, each solved by
conjugate gradients, take most of it away.
"""

from dataclasses import replace

import torch
from torch import Tensor

from workers.assessment.diffraction.held_out import deviance
from workers.posteriors.diffraction.conjugate import Numbers, conjugate_gradients
from workers.posteriors.diffraction.curvature import Curvature
from workers.posteriors.diffraction.posterior import probe_scale
from workers.posteriors.diffraction.solver import Reconstruction

ROUNDS = 2
STEPS = 30  # of conjugate gradients
SHARES = (1.0, 0.5, 0.25)  # of a step, tried in this order
FREE = 0.5  # transmission that a pixel may move in a round, one standard deviation


def polished(start: Reconstruction) -> Reconstruction:
    """`start` nearer to the largest likelihood of its counts, never further from it."""
    found, least = start, deviance(start, start.scan)
    for _ in range(ROUNDS):
        x, probe = _step(found)
        for share in SHARES:
            tried = replace(
                found, object=found.object + share * x, probe=found.probe + share * probe
            )
            lost = deviance(tried, tried.scan)
            if lost < least:
                found, least = tried, lost
                break
        else:
            return found
    return found


def _step(now: Reconstruction) -> tuple[Tensor, Tensor]:
    """The Gauss–Newton step of object and probe from `now`."""
    curvature = Curvature(now.scan, now.object, now.probe, 1.0)
    scale = probe_scale(now.probe)

    def whitened(change: tuple[Tensor, Tensor]) -> Numbers:
        return _parts(FREE * change[0]), _parts(scale * change[1])

    def applied(numbers: Numbers) -> Numbers:
        x, probe = FREE * _joined(numbers[0]), scale * _joined(numbers[1])
        return _added(whitened(curvature.normal(x, probe)), numbers)

    of_object, of_probe = curvature.diagonal()
    near = (1 / (1 + FREE**2 * of_object), 1 / (1 + scale.square() * of_probe))
    x, probe = conjugate_gradients(applied, whitened(curvature.wanted()), near, STEPS)
    return FREE * _joined(x), scale * _joined(probe)


def _added(first: Numbers, second: Numbers) -> Numbers:
    return first[0] + second[0], first[1] + second[1]


def _parts(x: Tensor) -> Tensor:
    return torch.stack([x.real, x.imag])


def _joined(parts: Tensor) -> Tensor:
    return torch.complex(*parts)
