"""What an ensemble mean leaves out, with its spatial covariance.

A sample is a member's mean plus a residual. White noise of the right variance would fill the map
with false spots, because real errors are correlated: a misplaced boundary is wrong along its
whole length. So the residual is a stationary multi-channel Gaussian field whose covariance over
neighbouring cells and coefficients was measured on scenes no member was trained on.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

REACH = 3  # cells to each side over which residuals are correlated
_GRID = 16  # frequencies along a side when factorising


def fit_kernel(whitened: list[Tensor]) -> Tensor:
    """Moving-average kernel `(n, n, 2·REACH+1, 2·REACH+1)` of whitened residuals `(n, h, w)` each.

    The cross-covariance over lags up to `REACH` is tapered, transformed, clipped to the nearest
    positive semi-definite spectrum and square-rooted (spectral factorisation with a symmetric
    root), so convolving white noise with the kernel reproduces it up to the truncation.
    """
    covariance = sum(_lagged_covariance(w) for w in whitened) / len(whitened)
    assert isinstance(covariance, Tensor)
    spectrum = torch.fft.fft2(_wrap(covariance * _taper(), _GRID)).permute(2, 3, 0, 1)
    values, vectors = torch.linalg.eigh(0.5 * (spectrum + spectrum.mH))
    root = (vectors * values.clamp(min=0).sqrt().unsqueeze(-2)) @ vectors.mH
    kernel = _unwrap(torch.fft.ifft2(root.permute(2, 3, 0, 1)).real)
    # Truncation loses a little variance; give each coefficient its own back.
    variance = torch.diagonal(covariance[..., REACH, REACH])
    lost = variance / kernel.square().sum(dim=(1, 2, 3))
    return kernel * lost.sqrt()[:, None, None, None]


def draw(kernel: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """One whitened residual field `(n, height, width)`."""
    n = kernel.shape[0]
    white = torch.randn(1, n, height + 2 * REACH, width + 2 * REACH, generator=generator)
    return F.conv2d(white, kernel)[0]


def _lagged_covariance(w: Tensor) -> Tensor:
    n, h, wide = w.shape
    lags = range(-REACH, REACH + 1)
    result = torch.zeros(n, n, len(lags), len(lags), dtype=torch.float64)
    core = w[:, REACH : h - REACH, REACH : wide - REACH].double().flatten(1)
    for i, dy in enumerate(lags):
        for j, dx in enumerate(lags):
            moved = w[:, REACH + dy : h - REACH + dy, REACH + dx : wide - REACH + dx]
            result[:, :, i, j] = core @ moved.double().flatten(1).T / core.shape[1]
    return result


def _taper() -> Tensor:
    lags = torch.arange(-REACH, REACH + 1, dtype=torch.float64)
    ramp = torch.cos(0.5 * torch.pi * lags / (REACH + 1))
    return ramp[:, None] * ramp[None, :]


def _wrap(covariance: Tensor, grid: int) -> Tensor:
    wide = torch.zeros(*covariance.shape[:2], grid, grid, dtype=covariance.dtype)
    for i in range(2 * REACH + 1):
        for j in range(2 * REACH + 1):
            wide[:, :, (i - REACH) % grid, (j - REACH) % grid] = covariance[:, :, i, j]
    return wide


def _unwrap(kernel: Tensor) -> Tensor:
    lags = torch.arange(-REACH, REACH + 1) % kernel.shape[-1]
    return kernel[:, :, lags][:, :, :, lags].contiguous()
