"""Diffraction scans as arrays: counted frames of a known object, without torch."""

import numpy as np
from numpy.typing import NDArray

from workers.scan import DiffractionScan

CONVENTION = {
    "values": {"stated": None, "seen": "counts", "fall": 1.0, "used": "counts"},
    "zero": {"stated": "corner", "seen": "corner", "centre": [0.1, 31.9]},
    "position_unit": {"stated": "px", "used": "px"},
    "overlap": 0.81,
}
SIDE, STEP, ACROSS = 32, 2.5, 14


def curved_probe(side: int = SIDE, power: float = 1.0) -> NDArray[np.complex64]:
    """A spot of a quarter of the field with a curved phase, `(1, side, side)`."""
    at = np.arange(side) - side / 2
    squared = at[:, None] ** 2 + at**2
    spot = np.exp(-squared / (2 * (side / 8) ** 2) + 1.5j * squared / side)
    return (spot * np.sqrt(power / (np.abs(spot) ** 2).sum())).astype(np.complex64)[None]


def places(across: int = ACROSS, step: float = STEP, seed: int = 0) -> NDArray[np.float64]:
    """A square grid of places, each off it by less than a pixel, `(across², 2)`."""
    grid = np.stack(np.meshgrid(*[np.arange(across)] * 2, indexing="ij"), -1).reshape(-1, 2)
    return step * grid + np.random.default_rng(seed).uniform(-0.5, 0.5, grid.shape)


def specimen(shape: tuple[int, int], seed: int = 0) -> NDArray[np.complex64]:
    """Smooth discs of phase up to a radian that absorb up to a third."""
    random = np.random.default_rng(seed)
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])
    depth = np.zeros(shape)
    for _ in range(8):
        middle = random.uniform(0, shape)
        away = np.hypot(rows - middle[0], columns - middle[1])
        depth = np.maximum(depth, 1 / (1 + np.exp(2 * (away - random.uniform(4, 9)))))
    return ((1 - 0.3 * depth) * np.exp(1j * depth)).astype(np.complex64)


def counted(
    counts: float = 1e5, across: int = ACROSS, seed: int = 0
) -> tuple[NDArray[np.uint16], NDArray[np.float64], NDArray[np.complex64]]:
    """Frames `(n, s, s)` with zero frequency at [0, 0], their places and the probe."""
    at, probe = places(across, seed=seed), curved_probe(power=counts)
    whole = np.round(at).astype(int) + 1
    field = specimen(tuple(whole.max(axis=0) + SIDE + 1), seed)
    rows, columns = whole[:, 0], whole[:, 1]
    patches = np.stack(
        [field[r : r + SIDE, c : c + SIDE] for r, c in zip(rows, columns, strict=True)]
    )
    waves = np.fft.fft2(probe[0] * patches, norm="ortho")
    frames = np.random.default_rng(seed).poisson(np.abs(waves) ** 2)
    return frames.astype(np.uint16), whole.astype(np.float64), probe


def scan(**changed) -> DiffractionScan:
    """A whole scan of 196 frames; `changed` are its fields."""
    frames, at, probe = counted()
    parts = {
        "frames": frames,
        "positions": at,
        "index": np.arange(len(frames)),
        "variance_factor": 1.0,
        "probe": probe,
        "mask": np.ones((SIDE, SIDE), bool),
        "convention": CONVENTION,
        "provenance": {"format": "written", "files": [], "open": []},
    }
    return DiffractionScan(**(parts | changed))
