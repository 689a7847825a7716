"""Scanning diffraction: one object, seen through one probe at many overlapping places.

The mean of frame j is the intensity of all probe modes, which do not interfere with each other:

    I_j = Σ_m |D F[P_m(r − δ_j) · O(r + n_j)]|²

with n_j the whole pixels of place j and δ_j what is left of it, D a propagator (`propagation`).
Object and probe are complex; places count in object pixels (row, column), from the first pixel of
the object to the first pixel of the frame's field.
"""

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from workers.physics.base import ForwardModel, consistency_gain, observation
from workers.physics.noise import NoiseModel
from workers.physics.propagation import (
    Propagator,
    fourier,
    inverse_fourier,
    shift_phases,
)

# Where a wave has no amplitude its phase is arbitrary: below this share of a count it is kept.
NO_AMPLITUDE = 1e-4
FAINT = 0.05  # counts: a fainter pixel with a count in it wants no more than this one would


@dataclass(frozen=True, eq=False)
class Ptychography(ForwardModel):
    """Frames of an object `(H, W)` complex64 through `probe` modes `(m, s, s)` complex64.

    `places` is float64 `(n, 2)`; what `expected` gives is float32 `(n, s, s)`, in counts when the
    power of the probe is in counts. Raises ValueError where a field would leave the object.
    """

    probe: Tensor
    places: Tensor
    shape: tuple[int, int]
    propagator: Propagator
    name: str = field(default="ptychography", init=False)

    def __post_init__(self) -> None:
        whole = self.places.round()
        last = whole.max(dim=0).values + self.side
        if bool((whole < 0).any()) or bool((last > torch.tensor(self.shape)).any()):
            raise ValueError(
                f"Frames of {self.side} pixels leave an object of {self.shape[0]} × "
                f"{self.shape[1]} pixels: give it a wider border."
            )

    @property
    def side(self) -> int:
        """Pixels along one side of a frame, and of the probe."""
        return self.probe.shape[-1]

    def with_probe(self, probe: Tensor) -> "Ptychography":
        return replace(self, probe=probe)

    def at(self, places: Tensor) -> "Ptychography":
        return replace(self, places=places)

    def frames(self, which: Tensor) -> "Ptychography":
        """The model of these frames alone: `which` is int64 `(b,)`."""
        return replace(self, places=self.places[which])

    # -- an object and the fields of its frames

    def pixels(self) -> Tensor:
        """Which pixels of the object each frame sees, int64 `(n, s, s)` into the flat object."""
        whole = self.places.round().long()
        along = torch.arange(self.side, device=whole.device)
        rows = whole[:, 0, None] + along
        columns = whole[:, 1, None] + along
        return rows[:, :, None] * self.shape[1] + columns[:, None, :]

    def fields(self, x: Tensor) -> Tensor:
        """The part of the object under each frame, complex `(n, s, s)`."""
        return x.reshape(-1)[self.pixels()]

    def place(self, fields: Tensor) -> Tensor:
        """Sum of fields where they lie, `(n, s, s)` -> `(H, W)`: the adjoint of `fields`."""
        whole = torch.zeros(self.shape, dtype=fields.dtype, device=fields.device)
        whole.view(-1).index_add_(0, self.pixels().reshape(-1), fields.reshape(-1))
        return whole

    # -- a probe and how it stands at each place

    def phases(self) -> Tensor:
        """`shift_phases` of what each place is off the whole pixel, complex64 `(n, 1, s, s)`."""
        return shift_phases(self.places - self.places.round(), self.side)[:, None]

    def probes(self, phases: Tensor) -> Tensor:
        """The probe moved to each place, `(n, m, s, s)`."""
        return inverse_fourier(fourier(self.probe) * phases)

    def gathered(self, probes: Tensor, phases: Tensor) -> Tensor:
        """Sum over places of probes moved back, `(m, s, s)`: the adjoint of `probes`."""
        return inverse_fourier((fourier(probes) * phases.conj()).sum(dim=0))

    # -- waves

    def to_detector(self, exit_waves: Tensor, phases: Tensor) -> Tensor:
        """Waves on the detector of exit waves, both `(n, m, s, s)`."""
        spectrum = fourier(exit_waves)
        if self.propagator.moves_frames:
            spectrum = spectrum * phases.conj()
        return self.propagator.to_detector(spectrum)

    def from_detector(self, waves: Tensor, phases: Tensor) -> Tensor:
        """The exit waves that give these waves: the inverse and the adjoint of `to_detector`."""
        spectrum = self.propagator.from_detector(waves)
        if self.propagator.moves_frames:
            spectrum = spectrum * phases
        return inverse_fourier(spectrum)

    def expected(self, x: Tensor) -> Tensor:
        phases = self.phases()
        exit_waves = self.probes(phases) * self.fields(x)[:, None]
        return intensity(self.to_detector(exit_waves, phases))

    def illumination(self) -> Tensor:
        """How much of the probe's power fell on each pixel of the object, float32 `(H, W)`."""
        return self.place(self.probes(self.phases()).abs().square().sum(dim=1))

    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """One amplitude projection of every frame, merged by least squares into the object.

        Frames overlap and over-determine the object, so no single object returns all of them:
        `strict` projects onto the counts in full, noise and all, as far as the overlap allows.
        """
        phases = self.phases()
        probes, fields = self.probes(phases), self.fields(x)
        waves = self.to_detector(probes * fields[:, None], phases)
        mean = intensity(waves)
        gain = torch.ones(len(mean), 1, 1)
        if not strict:
            measured = mean[0].numel() if mask is None else int(mask.sum())
            per_frame = noise.chi2(mean, y, mask)
            gain = consistency_gain(per_frame, measured, 2, of_sample=generator is not None)
        aim = observation(mean, y, noise, generator)
        change = self.from_detector(misfit(waves, aim, mask, gain), phases)
        return x + self.answered(change, probes)

    def answered(self, change: Tensor, probes: Tensor) -> Tensor:
        """The change of the object that answers a change of exit waves best: least squares."""
        power = self.place(probes.abs().square().sum(dim=1))
        wanted = self.place((probes.conj() * change).sum(dim=1))
        return wanted / (power + NO_AMPLITUDE * power.max())


def intensity(waves: Tensor) -> Tensor:
    """What a detector counts of waves `(n, m, s, s)` that do not interfere: `(n, s, s)`."""
    return waves.abs().square().sum(dim=1)


def misfit(
    waves: Tensor, y: Tensor, mask: Tensor | None = None, gain: Tensor | float = 1
) -> Tensor:
    """What must be added to `waves` for their amplitude to be that of `y`, `(n, m, s, s)`.

    All modes of a pixel are scaled alike: the nearest waves with that intensity (the modulus
    projection of Thibault & Menzel, Nature 494, 68, 2013). Nothing is added where `mask` is False.
    """
    amplitude = intensity(waves).sqrt()
    ratio = y.clamp_min(0).sqrt() / amplitude.clamp_min(NO_AMPLITUDE) - 1
    if mask is not None:
        ratio = ratio * mask
    return waves * (gain * ratio)[:, None]


def counted_misfit(waves: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
    """What the Poisson likelihood of counts `y` wants added to `waves`, `(n, m, s, s)`.

    One step of Fisher scoring, (y − I)/2I of each wave. Unlike the nearest amplitude (`misfit`)
    it is 0 on average at the truth: the root of a count of mean 0.5 is 0.43 on average, not 0.71.
    """
    mean = intensity(waves)
    ratio = (y - mean) / (2 * mean.clamp_min(FAINT))
    if mask is not None:
        ratio = ratio * mask
    return waves * ratio[:, None]
