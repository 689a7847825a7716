"""A reconstruction that grows: frames join it as they arrive, and it goes on from where it was.

A round looks at every new frame and at a draw of earlier ones, so that it takes about the same time
however long the scan is. Where places are not known ahead the field grows too, by whole pixels: the
object found so far keeps its place.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workers.physics.propagation import FarField
from workers.posteriors.diffraction.scan import BORDER, Scan, middle
from workers.posteriors.diffraction.solver import Reconstruction, refine
from workers.posteriors.diffraction.starting import guessed_probe, starting_modes

FIRST_PASSES = 12  # over the first frames, which have to find the probe as well
LOOKS = 512  # frames that a round looks at, at least those that are new
LIT = 0.05  # of the brightest pixel's light: below, an object is not shown
Told = Callable[[int, float], None]


def unheard(number: int, error: float) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Field:
    """Part of the plane of places: its first pixel (row, column), and how far it goes on."""

    first: tuple[int, int]
    shape: tuple[int, int]

    @classmethod
    def around(cls, places: Tensor, side: int) -> "Field":
        """The field that frames of `side` pixels at these places `(n, 2)` need, and a border."""
        low = places.min(dim=0).values.floor().long() - BORDER
        high = places.max(dim=0).values.ceil().long() + side + BORDER
        return cls(_pair(low), _pair(high - low))

    def joined(self, other: "Field") -> "Field":
        """The smallest field that holds both."""
        low = tuple(min(pair) for pair in zip(self.first, other.first, strict=True))
        high = tuple(max(pair) for pair in zip(self.last, other.last, strict=True))
        return Field((low[0], low[1]), (high[0] - low[0], high[1] - low[1]))

    @property
    def last(self) -> tuple[int, int]:
        """One pixel behind its last one, along rows and columns."""
        return self.first[0] + self.shape[0], self.first[1] + self.shape[1]


class Growing:
    """What is known of object and probe so far. Frames keep only their middle `side` pixels.

    Places count in pixels of the object that those show. `planned` `(k, 2)`: all of them, where
    they are known ahead; `probe` `(side, side)` complex64 to start from, else one is guessed;
    `mask` bool `(s, s)`, True where the detector counts.
    """

    def __init__(
        self,
        side: int,
        modes: int,
        generator: torch.Generator,
        *,
        planned: Tensor | None = None,
        probe: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> None:
        self.side, self.modes, self._generator = side, modes, generator
        self._probe, self._new = probe, 0
        self._mask = None if mask is None else middle(mask, side)
        self.field = None if planned is None else Field.around(planned, side)
        self._frames: list[Tensor] = []
        self._places: list[Tensor] = []
        self.now: Reconstruction | None = None
        self.light = torch.zeros(1, 1)  # of the probe on each pixel, places as whole pixels

    @property
    def count(self) -> int:
        """Frames that have joined."""
        return sum(map(len, self._frames))

    def join(self, frames: Tensor, places: Tensor) -> None:
        """Let frames float32 `(n, s, s)` at places float64 `(n, 2)` join the next round."""
        self._frames.append(middle(frames, self.side))
        self._places.append(places)
        self._new += len(frames)

    def round(self, told: Told = unheard) -> Reconstruction:
        """One look at every frame that is new and at earlier ones; all later rounds go on.

        `told(pass, R)` may raise to stop.
        """
        scan, before = self._scan(), self.now
        if before is None:
            before = Reconstruction(_empty(scan), self._modes_of(scan), scan)
            found = refine(before, FIRST_PASSES, self._generator, told=told)
        else:
            start = Reconstruction(before.object, before.probe, scan.of(self._chosen()))
            found = refine(start, 1, self._generator, probe_from=0, told=told)
        return self._keep(replace(found, scan=scan))

    def settle(self, passes: int, told: Told = unheard) -> Reconstruction:
        """Passes over all frames, with steps that become smaller: the last word."""
        start = self.now or self.round(told)
        return self._keep(refine(start, passes, self._generator, probe_from=0, told=told))

    def shown(self) -> tuple[Tensor, Tensor]:
        """The object complex64 `(H, W)`, its mean phase 0, and where it is lit, bool `(H, W)`."""
        assert self.now is not None, "no round yet"
        lit = self.light > LIT * self.light.max()
        mean = self.now.object[lit].mean()
        return self.now.object * mean.conj() / mean.abs().clamp_min(1e-12), lit

    def _keep(self, found: Reconstruction) -> Reconstruction:
        """Go on from `found`, and light what the new frames see."""
        if self._new:
            new = found.scan.of(torch.arange(self.count - self._new, self.count))
            power = found.probe.abs().square().sum(dim=0)
            light = new.seen_by(found.probe).place(power.expand(self._new, *power.shape))
            self.light = light + (self.light if self.light.shape == light.shape else 0)
        self.now, self._new = found, 0
        return found

    def _scan(self) -> Scan:
        """All frames on a field that holds them; the object so far is moved onto it."""
        self._frames = [torch.cat(self._frames)]
        self._places = [torch.cat(self._places)]
        frames, places = self._frames[0], self._places[0]
        needed = Field.around(places, self.side)
        field = needed if self.field is None else self.field.joined(needed)
        if self.now is not None and self.field is not None and field != self.field:
            self.now = replace(self.now, object=_moved(self.now.object, self.field, field, 1))
            self.light = _moved(self.light, self.field, field, 0)
        self.field = field
        inside = places - torch.tensor(field.first, dtype=torch.float64)
        return Scan(frames, inside, field.shape, FarField(), self._mask)

    def _modes_of(self, scan: Scan) -> Tensor:
        probe = guessed_probe(scan) if self._probe is None else self._probe
        return starting_modes(probe, self.modes, scan.power)

    def _chosen(self) -> Tensor:
        """The numbers of all new frames and of earlier ones that are drawn."""
        old = self.count - self._new
        drawn = torch.randperm(old, generator=self._generator)[: max(0, LOOKS - self._new)]
        return torch.cat([drawn, torch.arange(old, self.count)])


def _empty(scan: Scan) -> Tensor:
    return torch.ones(scan.shape, dtype=torch.complex64)


def _moved(found: Tensor, old: Field, new: Field, empty: float) -> Tensor:
    """A picture on a larger field, `empty` where nothing was known of it."""
    whole = torch.full(new.shape, empty, dtype=found.dtype)
    row, column = old.first[0] - new.first[0], old.first[1] - new.first[1]
    whole[row : row + old.shape[0], column : column + old.shape[1]] = found
    return whole


def _pair(values: Tensor) -> tuple[int, int]:
    row, column = values.tolist()
    return row, column
