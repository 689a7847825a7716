"""Patches of real and simulated movies whose truth is known, for `make benchmark-rvae`."""

from dataclasses import dataclass

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, optimize

from tests.data import data_path
from workers.training.motifs import GRAPHENE, SIDE

Array = NDArray[np.float64]

PIXEL_PM = 7.8125  # of most frames; others are left out
WINDOW_PM = 875.0
BLUR_PX = 2.5
MOST_SILICON = 3
OTHER_ACQUISITIONS = (19, 22)  # within the frames of the trimer movie; see its SOURCE.md
FRAMES, UNITS = 40, 9


@dataclass(frozen=True)
class Defects:
    """Patches of silicon defects; angle modulo 120° from the authors' coordinates, NaN without."""

    patches: NDArray[np.float32]
    silicon: NDArray[np.int64]
    angle: Array
    single: NDArray[np.bool_]
    trimer: NDArray[np.bool_]
    movie: NDArray[np.int64]


def defects() -> Defects:
    with h5py.File(data_path("microscopy/si-graphene-defect-library/library_refined.h5")) as file:
        group = file["frames_256"]
        frames = group["image"][:] * group["image"].attrs["scale"]
        atoms, pixel = group["atoms"][:], group["pixel_size_pm"][:]
        kinds, index = group["defect_class"].asstr()[:], group["library_index"][:]
    rows = []
    for n, frame in enumerate(frames):
        if pixel[n] != PIXEL_PM:
            continue
        mine = atoms[atoms["frame"] == n]
        silicon, carbon = mine[mine["element"] == b"Si"], mine[mine["element"] == b"C"]
        smooth = ndimage.gaussian_filter(frame, BLUR_PX)
        for defect in np.unique(silicon["defect"]):
            each = silicon[silicon["defect"] == defect]
            places = np.column_stack([each["x_px"], each["y_px"]]).astype(float)
            patch = window(smooth, places.mean(axis=0), WINDOW_PM / PIXEL_PM)
            if patch is None or len(each) > MOST_SILICON:
                continue
            around = np.column_stack([carbon["x_px"], carbon["y_px"]]).astype(float)
            angle = _angle(str(kinds[n]), places, around)
            rows.append((patch, len(each), angle, int(index[n]), str(kinds[n])))
    patches, count, angle, order, kind = (np.array(column) for column in zip(*rows, strict=True))
    trimer = kind == "Si3C6"
    in_movie = trimer & (order >= 7) & (order <= 77) & ~np.isin(order, OTHER_ACQUISITIONS)
    movie = np.flatnonzero(in_movie)
    return Defects(
        scaled(patches),
        count,
        angle,
        (kind == "Si1C3") & np.isfinite(angle),
        trimer,
        movie[np.argsort(order[movie])],
    )


def _angle(kind: str, silicon: Array, carbon: Array) -> float:
    """Modulo 120°: of a trimer its corners, of one threefold atom its three neighbours."""
    middle = silicon.mean(axis=0)
    if kind == "Si3C6":
        around = silicon
    elif kind == "Si1C3":
        around = carbon[np.argsort(np.hypot(*(carbon - middle).T))[:3]]
    else:
        return float("nan")
    x, y = (around - middle).T
    return float(np.angle(np.exp(3j * np.arctan2(y, x)).mean()) / 3)


def window(frame: Array, middle: Array, width: float) -> Array | None:
    """A patch of SIDE pixels about a place (x, y); None where it would leave the frame."""
    offsets = ((np.arange(SIDE) + 0.5) / SIDE - 0.5) * width
    low, high = middle + offsets[0], middle + offsets[-1]
    if (low < 0).any() or (high > np.array(frame.shape[::-1]) - 1).any():
        return None
    rows, columns = np.meshgrid(middle[1] + offsets, middle[0] + offsets, indexing="ij")
    return np.asarray(ndimage.map_coordinates(frame, [rows, columns], order=1))


def scaled(patches: Array) -> NDArray[np.float32]:
    low, high = np.quantile(patches, [0.001, 0.999])
    return ((patches - low) / (high - low)).astype(np.float32)


def bicrystal() -> NDArray[np.float32]:
    """A patch about every atom of a tilt boundary in graphene that lies far enough inside."""
    folder = data_path("microscopy/graphene-haadf")
    with h5py.File(folder / "G-GrainBoundary-4nm.hdf5") as file:
        frame = ndimage.gaussian_filter(file["image_data"][:].astype(float), BLUR_PX)
    atoms = np.loadtxt(folder / "G-GrainBoundary-4nm-coord.csv", delimiter=",", skiprows=1)
    found = [window(frame, np.array([x, y]), WINDOW_PM / PIXEL_PM) for y, x, *_ in atoms]
    return scaled(np.stack([patch for patch in found if patch is not None]))


def between_peaks(angle: Array) -> float:
    """Degrees between the two grains, modulo 60°, from angles of atoms: two von Mises peaks."""
    turn = 6 * angle

    def loss(p: Array) -> float:
        sharp, share = np.exp(p[2]), 1 / (1 + np.exp(-p[3]))
        density = sum(
            part * np.exp(sharp * (np.cos(turn - middle) - 1))
            for middle, part in ((p[0], share), (p[1], 1 - share))
        )
        norm = np.exp(sharp * (np.cos(np.linspace(0, 2 * np.pi, 361)[:-1]) - 1)).mean()
        return float(-np.log(0.95 * density / norm + 0.05).sum())

    starts = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    tried = [
        optimize.minimize(
            loss, [a, a + gap, 2.0, 0.0], method="Nelder-Mead", options={"maxiter": 800}
        )
        for a in starts
        for gap in (2.0, 3.0)
    ]
    first, second = min(tried, key=lambda each: each.fun).x[:2]
    apart = np.degrees(np.abs(np.angle(np.exp(1j * (first - second)))) / 6)
    return float(apart)


def still_movie(seed: int) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
    """Atoms of graphene in one state, and the patches of each through the frames.

    Frames drift, are out of focus by a changing amount, and scan noise displaces their lines.
    """
    rng = np.random.default_rng(5000 + seed)
    kind = GRAPHENE
    places, amplitudes = kind.columns(float(rng.uniform(0.05, 0.2)), 0)
    turn = rng.uniform(-np.pi, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    seen = places @ np.array([[cos, sin], [-sin, cos]])
    at = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1) * kind.half
    drift = np.cumsum(0.01 * rng.standard_normal((FRAMES, 2)), axis=0)
    defocus = kind.width * (1 + 0.15 * np.abs(np.sin(np.arange(FRAMES) / 6 + rng.uniform(0, 6))))
    patches = []
    for _ in range(UNITS):
        for frame in range(FRAMES):
            moved = seen + drift[frame] + 0.03 * rng.standard_normal(2)
            jitter = 0.02 * rng.standard_normal(SIDE)
            x = at[None, :, None] + jitter[:, None, None] - moved[:, 0]
            y = at[:, None, None] - moved[:, 1]
            columns = np.exp(-(x**2 + y**2) / (2 * defocus[frame] ** 2))
            patches.append(columns @ amplitudes + kind.noise * rng.standard_normal((SIDE, SIDE)))
    tracks = [np.arange(unit * FRAMES, (unit + 1) * FRAMES) for unit in range(UNITS)]
    return scaled(np.stack(patches)), tracks


def of_track(angle: torch.Tensor, latents: torch.Tensor, n: int) -> tuple[Array, Array]:
    """Means and variances `(t, d)` of what states are found in, from samples (k, t[, z])."""
    turn = n * angle.double().numpy()
    values = np.concatenate(
        [np.stack([np.cos(turn), np.sin(turn)], axis=2), latents.double().numpy()], axis=2
    )
    return values.mean(axis=0), values.var(axis=0)
