"""Specimens drawn at random: grains, discs, bars and rough fields that turn phase and absorb."""

import numpy as np
import torch
from torch import Tensor

from workers.physics.propagation import fourier, inverse_fourier


def drawn_specimen(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """A transmission complex64 `shape`, of modulus at most 1: one or two thicknesses over another.

    Phases reach up to 2.5 radians and absorption up to 0.7 nepers, in a drawn proportion.
    """
    thickness = torch.zeros(shape)
    for _ in range(int(rng.integers(1, 3))):
        style = (rough, grains, discs, bars)[int(rng.integers(4))]
        layer = style(shape, rng)
        layer = (layer - layer.min()) / (layer.max() - layer.min() + 1e-6)
        thickness += float(rng.uniform(0.3, 1)) * layer
    thickness /= thickness.max() + 1e-6
    phase, loss = float(rng.uniform(0.2, 2.5)), float(rng.uniform(0, 0.7))
    return torch.polar((-loss * thickness).exp(), phase * (thickness - thickness.mean()))


def rough(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """A Gaussian field whose power falls as f to the −2 … −4, above a drawn size."""
    white = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    rows, columns = torch.fft.fftfreq(shape[0])[:, None], torch.fft.fftfreq(shape[1])
    frequency = (rows.square() + columns.square()).sqrt()
    slope, size = float(rng.uniform(1, 2)), float(rng.uniform(8, 40))
    field: Tensor = inverse_fourier(fourier(white) / (frequency + 1 / size) ** slope).real
    return field / field.std()


def grains(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """A rough field cut at a level: two materials with a border one or two pixels wide."""
    field = rough(shape, rng)
    width = float(rng.uniform(0.02, 0.15))
    return torch.sigmoid((field - float(rng.normal(0, 0.5))) / width)


def discs(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """Spheres and flat discs, some over others."""
    rows, columns = torch.arange(shape[0])[:, None], torch.arange(shape[1])
    total = torch.zeros(shape)
    largest = float(rng.uniform(4, 20))
    for _ in range(int(rng.integers(10, 40))):
        middle, radius = rng.uniform(0, shape), float(rng.uniform(2, largest))
        away = ((rows - middle[0]).square() + (columns - middle[1]).square()).sqrt()
        flat = torch.sigmoid(2 * (radius - away))
        round_ = (radius**2 - away.square()).clamp_min(0).sqrt() / radius
        total = torch.maximum(total, flat if rng.random() < 0.5 else round_)
    return total


def bars(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """Rectangles of any size, turned any way."""
    rows, columns = torch.arange(shape[0])[:, None], torch.arange(shape[1])
    total = torch.zeros(shape)
    for _ in range(int(rng.integers(8, 30))):
        middle, angle = rng.uniform(0, shape), float(rng.uniform(0, np.pi))
        half = rng.uniform((1, 4), (10, 50))
        down, right = rows - middle[0], columns - middle[1]
        along = (np.cos(angle) * down + np.sin(angle) * right).abs()
        across = (np.cos(angle) * right - np.sin(angle) * down).abs()
        inside = torch.sigmoid(2 * (half[0] - across)) * torch.sigmoid(2 * (half[1] - along))
        total = total + float(rng.uniform(0.3, 1)) * inside
    return total
