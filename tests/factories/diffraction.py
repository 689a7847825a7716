"""Diffraction scans of a known object: drawn places, a curved probe, counted frames."""

from dataclasses import dataclass

import torch
from torch import Tensor

from workers.physics.propagation import FarField, Propagator
from workers.physics.ptychography import Ptychography
from workers.posteriors.diffraction.scan import Scan, scan_of
from workers.posteriors.diffraction.starting import norm

SIDE = 32


@dataclass(frozen=True, eq=False)
class Known:
    """A scan with the object `(H, W)`, probe modes and places it was drawn from."""

    scan: Scan
    object: Tensor
    probe: Tensor
    places: Tensor


def curved_probe(modes: int = 1, side: int = SIDE) -> Tensor:
    """Spots of a quarter of the field with a curved phase, and two lobes as a second mode."""
    at = torch.arange(side) - side / 2
    squared = at[:, None] ** 2 + at**2
    spot = torch.exp(-squared / (2 * (side / 8) ** 2)) * torch.exp(1.5j * squared / side)
    return torch.stack([spot, spot * at / 4])[:modes].to(torch.complex64)


def bubbles(shape: tuple[int, int], seed: int = 0) -> Tensor:
    """A transmission with smooth discs of phase up to a radian that absorb up to a third."""
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.arange(shape[0])[:, None], torch.arange(shape[1])
    depth = torch.zeros(shape)
    for _ in range(30):
        middle = torch.rand(2, generator=generator) * torch.tensor(shape)
        radius = 2 + 5 * float(torch.rand(1, generator=generator))
        away = ((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2).sqrt()
        depth = torch.maximum(depth, torch.sigmoid(2 * (radius - away)))
    return torch.polar(1 - 0.3 * depth, depth)


def known_scan(
    *,
    frames: int = 100,
    counts: float = 1e5,
    modes: tuple[float, ...] = (1.0,),
    astray: float = 0.0,
    propagator: Propagator | None = None,
    seed: int = 0,
) -> Known:
    """A scan of `bubbles` with so many `counts` a frame, shared by `modes`.

    `astray` is the standard deviation of the told places about the true ones, in pixels.
    """
    generator = torch.Generator().manual_seed(seed)
    across = int(frames**0.5)
    grid = torch.cartesian_prod(torch.arange(across), torch.arange(across)).double() * 4
    true = grid + 2 * torch.rand(grid.shape, generator=generator, dtype=torch.float64) - 1
    told = true + astray * torch.randn(grid.shape, generator=generator, dtype=torch.float64)
    seen = scan_of(torch.zeros(len(told), SIDE, SIDE), told, propagator or FarField())
    places = true + (seen.places - told)
    share = torch.tensor(modes)[:, None, None]
    probe = curved_probe(len(modes))
    probe = probe / norm(probe) * (share * counts).sqrt()
    x = bubbles(seen.shape, seed)
    mean = Ptychography(probe, places, seen.shape, seen.propagator).expected(x)
    drawn = torch.poisson(mean, generator=generator)
    return Known(Scan(drawn, seen.places, seen.shape, seen.propagator), x, probe, places)
