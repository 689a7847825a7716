"""A diffraction scan as a solver needs it: counts, places, and how waves reached the detector."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from workers.physics.propagation import Propagator
from workers.physics.ptychography import Ptychography

BORDER = 4  # pixels around the outermost fields, for places that are corrected


@dataclass(frozen=True, eq=False)
class Scan:
    """Frames float32 `(n, s, s)` in counts, at places float64 `(n, 2)` (row, column, in pixels).

    Zero frequency at [0, 0] of a frame. `mask` is bool `(s, s)`, True where the detector counts.
    """

    frames: Tensor
    places: Tensor
    shape: tuple[int, int]
    propagator: Propagator
    mask: Tensor | None = None

    @property
    def side(self) -> int:
        return self.frames.shape[-1]

    @property
    def power(self) -> float:
        """Mean counts of a frame, where the detector counts: the power of the probe."""
        seen = self.frames if self.mask is None else self.frames * self.mask
        return float(seen.sum(dim=(1, 2)).mean())

    def of(self, which: Tensor) -> "Scan":
        """The same field seen by these frames alone: `which` int64 `(k,)`."""
        return replace(self, frames=self.frames[which], places=self.places[which])

    def batches(self, size: int) -> Iterator[Tensor]:
        """Numbers of the frames in their order, int64, so many at a time."""
        for first in range(0, len(self.frames), size):
            yield torch.arange(first, min(first + size, len(self.frames)))

    def seen_by(self, probe: Tensor) -> Ptychography:
        """The forward model of this scan with probe modes `(m, s, s)`."""
        return Ptychography(probe, self.places, self.shape, self.propagator)


def scan_of(
    frames: Tensor, positions: Tensor, propagator: Propagator, mask: Tensor | None = None
) -> Scan:
    """A scan of frames `(n, s, s)` at `positions` `(n, 2)` (row, column, pixels, any origin).

    The object's field is as small as holds them all and a border. Raises ValueError where the
    numbers do not fit together.
    """
    if frames.shape[1] != frames.shape[2]:
        raise ValueError(f"Frames of {frames.shape[1]} × {frames.shape[2]} pixels are not square.")
    if len(frames) != len(positions):
        raise ValueError(f"{len(frames)} frames, but {len(positions)} positions: one each is due.")
    if not bool(torch.isfinite(positions).all()):
        raise ValueError("Some positions are not numbers: leave their frames out.")
    places = positions.double() - positions.double().min(dim=0).values + BORDER
    rows, columns = (places.max(dim=0).values.ceil() + frames.shape[-1] + BORDER).long().tolist()
    return Scan(frames.float(), places, (rows, columns), propagator, mask)


def cropped(scan: Scan, side: int) -> Scan:
    """The scan with only the middle `side` × `side` pixels of every frame kept.

    In the far field that leaves out the finest detail: pixels of the object become larger by
    s/side, and places are counted in those.
    """
    share = side / scan.side
    places = scan.places * share
    mask = None if scan.mask is None else middle(scan.mask, side)
    return scan_of(middle(scan.frames, side), places, scan.propagator, mask)


def scanned(scan: Scan) -> tuple[slice, slice]:
    """The largest square of the object that the middles of all fields span."""
    low = scan.places.min(dim=0).values + scan.side / 2
    high = scan.places.max(dim=0).values + scan.side / 2
    side = int((high - low).min())
    rows, columns = ((low + high) / 2 - side / 2).long().tolist()
    return slice(rows, rows + side), slice(columns, columns + side)


def middle(values: Tensor, side: int) -> Tensor:
    """The `side` × `side` values around zero frequency at [0, 0] of `(..., s, s)`, likewise."""
    start = (values.shape[-1] - side) // 2
    kept = slice(start, start + side)
    centred = torch.fft.fftshift(values, dim=(-2, -1))[..., kept, kept]
    cornered: Tensor = torch.fft.ifftshift(centred, dim=(-2, -1))
    return cornered
