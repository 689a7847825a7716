"""What counted frames say of a small change of object and probe: the Gauss–Newton curvature.

The amplitude a = √I of a pixel with gI of variance in its counts has a standard deviation of
√g/2, whatever it counts. So a change (δO, δP) that turns amplitudes by δa costs (2/g) Σ (δa − t)²,
with t = (y − I)/(2a), the step that Fisher scoring asks for. Amplitudes change by
δa = Σ_m Re(ψ̄_m δψ_m)/a, where δψ is linear in δO and δP.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.physics.ptychography import Ptychography, intensity
from workers.posteriors.diffraction.scan import Scan

PART = 64  # frames at a time
FAINT = 0.05  # counts added to a pixel's mean: below, an amplitude says nothing of its own


@dataclass(frozen=True, eq=False)
class _Part:
    """Some frames: their model, what moves with it, unit waves ψ/a, steps t, where it counts."""

    model: Ptychography
    phases: Tensor
    probes: Tensor
    fields: Tensor
    waves: Tensor
    step: Tensor
    counted: Tensor

    def seen(self, x: Tensor, probe: Tensor) -> Tensor:
        """The change of amplitudes `(b, s, s)` of a change of object and probe."""
        moved = self.model.with_probe(probe).probes(self.phases) * self.fields
        exit_waves = moved + self.probes * self.model.fields(x)[:, None]
        change = self.model.to_detector(exit_waves, self.phases)
        return (self.waves.conj() * change).real.sum(dim=1) * self.counted

    def answered(self, change: Tensor) -> tuple[Tensor, Tensor]:
        """The adjoint of `seen`: `(H, W)` and `(m, s, s)`."""
        waves = self.waves * (change * self.counted)[:, None]
        exit_waves = self.model.from_detector(waves, self.phases)
        wanted = self.model.place((self.probes.conj() * exit_waves).sum(dim=1))
        return wanted, self.model.gathered(self.fields.conj() * exit_waves, self.phases)


class Curvature:
    """The frames of a scan, linearised about an object `(H, W)` and probe modes `(m, s, s)`."""

    def __init__(self, scan: Scan, x: Tensor, probe: Tensor, variance_factor: float) -> None:
        self.variance_factor = variance_factor
        self._shapes = (x, probe)
        model = scan.seen_by(probe)
        self._parts = [_part(model.frames(n), scan.of(n), x) for n in scan.batches(PART)]

    def normal(self, x: Tensor, probe: Tensor) -> tuple[Tensor, Tensor]:
        """JᵀFJ of a change, F the Fisher information of amplitudes, 4/g."""
        return self._summed([part.seen(x, probe) for part in self._parts])

    def wanted(self, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """JᵀF of the steps that the counts ask for, with a draw of their noise added if given."""
        noise = math.sqrt(self.variance_factor) / 2
        steps = [part.step for part in self._parts]
        if generator is not None:
            steps = [t + noise * torch.randn(t.shape, generator=generator) for t in steps]
        return self._summed(steps)

    def diagonal(self) -> tuple[Tensor, Tensor]:
        """About the diagonal of `normal`, `(H, W)` and `(s, s)`: half of every wave is seen."""
        half = 2 / self.variance_factor
        x = sum(p.model.place(p.probes.abs().square().sum(dim=1)) for p in self._parts)
        probe = sum(p.fields.abs().square().sum(dim=(0, 1)) for p in self._parts)
        return half * torch.as_tensor(x), half * torch.as_tensor(probe)

    def _summed(self, changes: list[Tensor]) -> tuple[Tensor, Tensor]:
        x, probe = (torch.zeros_like(each) for each in self._shapes)
        for part, change in zip(self._parts, changes, strict=True):
            of_object, of_probe = part.answered(change)
            x += of_object
            probe += of_probe
        size = 4 / self.variance_factor
        return size * x, size * probe


def _part(model: Ptychography, scan: Scan, x: Tensor) -> _Part:
    phases = model.phases()
    probes, fields = model.probes(phases), model.fields(x)[:, None]
    waves = model.to_detector(probes * fields, phases)
    mean = intensity(waves)
    amplitude = (mean + FAINT).sqrt()
    counted = torch.ones(()) if scan.mask is None else scan.mask.float()
    step = (scan.frames - mean) / (2 * amplitude)
    return _Part(model, phases, probes, fields, waves / amplitude[:, None], step, counted)
