"""Iterative reconstruction: least-squares maximum likelihood over mini-batches of frames.

Odstrčil, Menzel & Guizar-Sicairos, Optics Express 26, 3108 (2018): each batch projects its waves
onto the counted amplitudes, turns the change of exit waves into directions of object and probe,
and finds the lengths of both steps together by least squares. Steps are damped, and the more the
nearer the end: a full one follows the noise of its own batch and ends at a larger misfit of all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workers.physics.ptychography import Ptychography, counted_misfit, intensity, misfit
from workers.posteriors.diffraction.moving import moved_places
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.starting import orthogonal

BATCH = 32
DAMPING = 0.8
STEADY = 0.6  # of all epochs before steps become smaller
LAST = 0.1  # of the first damping, at the end
OBJECT_FLOOR = 0.05  # of the brightest pixel's illumination: below, a pixel is hardly seen
PROBE_FLOOR = 0.1  # transmission added to every pixel's mean


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Object complex64 `(H, W)`, probe `(m, s, s)`, the scan with the places used.

    `misfit` holds the squared amplitude error R = Σ(√I − |Ψ|)²/ΣI of every epoch as it went.
    """

    object: Tensor
    probe: Tensor
    scan: Scan
    misfit: tuple[float, ...] = ()

    @property
    def model(self) -> Ptychography:
        return self.scan.seen_by(self.probe)

    def amplitude_error(self, scan: Scan | None = None) -> float:
        """R of these frames (of all by default), batch by batch."""
        seen = scan or self.scan
        lost = sum(
            float((counts.sqrt() - mean.sqrt()).square().sum())
            for counts, mean in self.compared(seen)
        )
        return lost / float((seen.frames if seen.mask is None else seen.frames * seen.mask).sum())

    def compared(self, scan: Scan) -> Iterator[tuple[Tensor, Tensor]]:
        """Counts and what is expected of them, `(b, s, s)` each; 0 in both where masked."""
        model = scan.seen_by(self.probe)
        for which in scan.batches(BATCH):
            counts, mean = scan.frames[which], model.frames(which).expected(self.object)
            yield (counts, mean) if scan.mask is None else (counts * scan.mask, mean * scan.mask)


def started(scan: Scan, probe: Tensor) -> Reconstruction:
    """An empty object under these probe modes."""
    return Reconstruction(torch.ones(scan.shape, dtype=torch.complex64), probe, scan)


def refine(
    start: Reconstruction,
    epochs: int,
    generator: torch.Generator,
    *,
    probe_from: int = 1,
    places_from: int | None = None,
    counted_from: int | None = None,
    told: Callable[[int, float], None] = lambda epoch, error: None,
) -> Reconstruction:
    """`start` after this many passes over all frames; the same for the same generator.

    The probe moves from epoch `probe_from` on, the places from `places_from` on (never, if None).
    From `counted_from` on counts are taken as Poisson, not by the nearest amplitude.
    `told(epoch, R)` hears of every pass and may raise to stop.
    """
    now = start
    for epoch in range(epochs):
        counted = counted_from is not None and epoch >= counted_from
        plan = _Plan(_damping(epoch / epochs), epoch >= probe_from, counted)
        error, now = _pass(now, generator, plan)
        if places_from is not None and epoch >= places_from:
            now = replace(now, scan=moved_places(now.object, now.probe, now.scan))
        now = replace(now, probe=orthogonal(now.probe), misfit=(*now.misfit, error))
        told(epoch, error)
    return now


@dataclass(frozen=True)
class _Plan:
    """How an epoch steps."""

    damping: float
    move_probe: bool
    counted: bool


def _damping(share: float) -> float:
    """The damping after this share of all epochs."""
    return DAMPING * min(1.0, max(LAST, (1 - share) / (1 - STEADY)))


def _pass(
    now: Reconstruction, generator: torch.Generator, plan: _Plan
) -> tuple[float, Reconstruction]:
    """One pass over all frames in a drawn order: R as it went, and what came of it."""
    scan, x, probe = now.scan, now.object.clone(), now.probe
    illumination = _illumination(now) / len(scan.frames)
    lost = 0.0
    order = torch.randperm(len(scan.frames), generator=generator)
    for which in (order[part] for part in scan.batches(BATCH)):
        step = _Step(scan.of(which), x, probe, illumination * len(which), plan)
        lost += step.lost
        x, probe = step.taken()
    whole = scan.power * len(scan.frames)
    return lost / whole, replace(now, object=x, probe=probe)


def _illumination(now: Reconstruction) -> Tensor:
    """Power of the probe on each pixel, places rounded to whole pixels: it only scales steps."""
    model, power = now.model, now.probe.abs().square().sum(dim=0)
    total = torch.zeros(model.shape)
    for which in now.scan.batches(BATCH):
        total += model.frames(which).place(power.expand(len(which), *power.shape))
    return total


class _Step:
    """One batch: the change its frames want, and the directions that give most of it."""

    def __init__(
        self, scan: Scan, x: Tensor, probe: Tensor, illumination: Tensor, plan: _Plan
    ) -> None:
        self.x, self.probe, self.plan = x, probe, plan
        self.model = scan.seen_by(probe)
        self.phases = self.model.phases()
        self.probes = self.model.probes(self.phases)
        self.fields = self.model.fields(x)[:, None]
        waves = self.model.to_detector(self.probes * self.fields, self.phases)
        wanted = misfit(waves, scan.frames, scan.mask)
        self.lost = float(intensity(wanted).sum())
        if plan.counted:
            wanted = counted_misfit(waves, scan.frames, scan.mask)
        self.change = self.model.from_detector(wanted, self.phases)
        self.illumination = illumination + OBJECT_FLOOR * illumination.max()

    def taken(self) -> tuple[Tensor, Tensor]:
        """Object and probe after the damped step."""
        object_way = self._object_way()
        ways = [self.probes * self.model.fields(object_way)[:, None]]
        if not self.plan.move_probe:
            (length,) = _lengths(ways, self.change)
            return self.x + self.plan.damping * length * object_way, self.probe
        probe_way = self._probe_way()
        ways.append(self.model.with_probe(probe_way).probes(self.phases) * self.fields)
        lengths = self.plan.damping * _lengths(ways, self.change)
        return self.x + lengths[0] * object_way, self.probe + lengths[1] * probe_way

    def _object_way(self) -> Tensor:
        wanted = self.model.place((self.probes.conj() * self.change).sum(dim=1))
        return wanted / self.illumination

    def _probe_way(self) -> Tensor:
        wanted = self.model.gathered(self.fields.conj() * self.change, self.phases)
        seen = self.fields.abs().square().sum(dim=(0, 1))
        return wanted / (seen + PROBE_FLOOR * len(self.fields))


def _lengths(ways: list[Tensor], change: Tensor) -> Tensor:
    """Lengths of steps along `ways` of exit waves that come nearest to `change`, `(k,)`."""
    flat = torch.stack([torch.view_as_real(way).reshape(-1) for way in ways])
    aim = torch.view_as_real(change).reshape(-1)
    normal = flat @ flat.T
    ridge = 1e-6 * normal.diagonal().mean() * torch.eye(len(ways))
    lengths: Tensor = torch.linalg.solve(normal + ridge, flat @ aim)
    return lengths
