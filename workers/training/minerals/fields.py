"""Random fields: power-law and band-passed noise, warps, zoning profiles. Lengths in pixels."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Field = NDArray[np.float32]


def noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    slope: float,
    longest: float = np.inf,
    shortest: float = 0.0,
) -> Field:
    """Gaussian noise `(h, w)` of mean 0, deviation 1, with power ~ frequency^-slope.

    `longest` and `shortest` wavelength, in pixels, bound the spectrum smoothly. Periodicity is
    hidden by making a larger field and cutting a part of it.
    """
    h, w = (fft.next_fast_len(n + n // 8 + 4, real=True) for n in shape)
    spectrum = fft.rfft2(rng.standard_normal((h, w), dtype=np.float32))
    frequency = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None]).astype(np.float32)
    frequency[0, 0] = 1.0
    gain = frequency ** np.float32(-slope / 2)
    gain /= 1 + (1 / (frequency * longest)) ** 4 if np.isfinite(longest) else 1
    gain *= np.exp(-((frequency * shortest) ** 2))
    gain[0, 0] = 0
    made = fft.irfft2(spectrum * gain, (h, w))[: shape[0], : shape[1]]
    made = made - made.mean()
    return np.asarray(made / (made.std() + 1e-9), np.float32)


def uniform(values: Field) -> Field:
    """Values mapped to 0..1 by rank, from a sample of them: thresholds then equal area shares."""
    grid = np.linspace(0, 1, 65)
    return np.interp(values, np.quantile(values.ravel()[::7], grid), grid).astype(np.float32)


def ramp(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """A smooth gradient over the field, 0..1, slightly curved."""
    y, x = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.4, 2)
    made = np.cos(angle) * x + np.sin(angle) * y + bend[0] * x**2 + bend[1] * y**2
    low, high = made.min(), made.max()
    return np.asarray((made - low) / (high - low), np.float32)


def warp(rng: np.random.Generator, shape: tuple[int, int], amount: float, scale: float) -> Field:
    """Displacement `(2, h, w)`: wavy at `scale`; below it from ragged to smooth."""
    slope = rng.uniform(2.2, 5.5)
    both = [noise(rng, shape, slope, longest=scale * 4, shortest=1.5) for _ in range(2)]
    return np.stack(both) * np.float32(amount)


def oscillation(rng: np.random.Generator, distance: Field) -> Field:
    """Oscillatory zoning in `distance` (px), 0..1: period 3.6 to 28 px on a 2x grid, drifting."""
    period = np.exp(rng.uniform(np.log(3.6), np.log(28)))
    drift = rng.normal(0, 0.8)
    phase = distance / period + drift * np.sin(distance / (period * rng.uniform(3, 9)))
    if rng.random() < 0.4:
        return np.asarray(np.mod(phase, 1), np.float32)
    return np.asarray(0.5 + 0.5 * np.sin(2 * np.pi * phase), np.float32)


def zoning(rng: np.random.Generator, distance: Field, radius: float) -> Field:
    """From 0 (core) to 1 (rim) by the distance to the rim (px) in grains of about `radius`."""
    kind = rng.choice(5, p=[0.18, 0.24, 0.26, 0.2, 0.12])
    relative = np.clip(1 - distance / (radius + 1e-3), 0, 1)
    if kind == 0:
        made = np.zeros_like(distance)
    elif kind == 1:
        made = relative ** rng.uniform(0.7, 4)
    elif kind == 2:
        length = rng.uniform(3, 24)
        made = np.exp(-((np.maximum(distance, 0) / length) ** rng.uniform(1, 2)))
    elif kind == 3:
        made = oscillation(rng, distance)
        if rng.random() < 0.6:
            made = made * rng.uniform(0.2, 0.8) + relative * rng.uniform(0.1, 0.5)
    else:  # a core that was partly dissolved, then overgrown: a step with a diffuse edge
        edge = radius * rng.uniform(0.15, 0.6)
        made = 1 / (1 + np.exp(np.clip((distance - edge) / rng.uniform(0.5, 4), -30, 30)))
    return np.asarray(made, np.float32)
