"""Forward models whose every measured value sees one cell of f × f fine pixels.

Binning, point sampling and a line sweep differ only in the weights w of that cell, y = Σ w·x, so
they share one class: A† spreads y over the cell as w/‖w‖², and an orthonormal basis of the cell
whose first row is w/‖w‖ has its other rows exactly in the null space. Cells do not overlap, so a
fine pixel belongs to one measured value and there is no half-pixel shift to get wrong.
"""

import math

import torch
from torch import Tensor

from workers.physics.base import LinearForwardModel, observation
from workers.physics.noise import NoiseModel


def dct_matrix(n: int) -> Tensor:
    """The orthonormal DCT-II, `(n, n)` float64; row 0 is constant."""
    k = torch.arange(n, dtype=torch.float64)
    rows = torch.cos(math.pi / n * k[:, None] * (k[None, :] + 0.5)) * math.sqrt(2 / n)
    rows[0] = 1 / math.sqrt(n)
    return rows


def _binned(f: int) -> tuple[Tensor, Tensor]:
    """Weights of the block mean, and the two-dimensional DCT of a block."""
    dct = dct_matrix(f)
    return torch.full((f, f), 1 / f**2, dtype=torch.float64), torch.kron(dct, dct)


def _point(f: int) -> tuple[Tensor, Tensor]:
    """The first pixel of a cell is seen, the others are not."""
    weights = torch.zeros(f, f, dtype=torch.float64)
    weights[0, 0] = 1
    return weights, torch.eye(f * f, dtype=torch.float64)


def _line(f: int) -> tuple[Tensor, Tensor]:
    """The beam sweeps along x over the first row of a cell and skips the rows below."""
    weights = torch.zeros(f, f, dtype=torch.float64)
    weights[0] = 1 / f
    basis = torch.eye(f * f, dtype=torch.float64)
    basis[:f, :f] = dct_matrix(f)
    return weights, basis


def _fine(f: int) -> tuple[Tensor, Tensor]:
    """Every pixel is measured."""
    return torch.ones(1, 1, dtype=torch.float64), torch.kron(dct_matrix(2), dct_matrix(2))


CELLS = {"fine": _fine, "binned": _binned, "point": _point, "line": _line}


class CellModel(LinearForwardModel):
    """y[i, j] = Σ w[a, b] x[f i + a, f j + b]: binning, point sampling, line sweep, identity.

    `block` is the edge of the cell that `to_coefficients` transforms: the factor, or 2 for
    "fine", where a pair of rows and columns is put together so that one network serves all.
    Coefficient 0 is the measured value (times a constant) and the others are the null space;
    for "fine" all four are measured.
    """

    def __init__(self, name: str, factor: int) -> None:
        if factor < 1 or (name == "fine" and factor != 1) or (name != "fine" and factor < 2):
            wanted = "1" if name == "fine" else "2 or more"
            raise ValueError(f'Factor {factor} does not fit "{name}" sampling: use {wanted}.')
        self.name = name
        self.factor = factor
        self.block = 2 if name == "fine" else factor
        self._weights, self._basis = CELLS[name](factor)
        self._norm2 = float(self._weights.square().sum())

    def _cells(self, x: Tensor, edge: int) -> Tensor:
        """`(..., H, W) -> (..., h, edge, w, edge)`."""
        height, width = x.shape[-2:]
        if height % edge or width % edge:
            raise ValueError(
                f"A map of {height} × {width} pixels does not divide into cells of "
                f"{edge} × {edge}: pad or crop it first."
            )
        return x.reshape(*x.shape[:-2], height // edge, edge, width // edge, edge)

    def expected(self, x: Tensor) -> Tensor:
        cells = self._cells(x, self.factor)
        if self.name == "binned":
            return cells.mean(dim=(-3, -1))
        if self.name == "line":
            return cells[..., 0, :, :].mean(dim=-1)
        return cells[..., 0, :, 0]

    def _spread(self, y: Tensor, weights: Tensor) -> Tensor:
        """Each measured value over its cell with these weights: `(..., h, w) -> (..., H, W)`."""
        weights = weights.to(dtype=y.dtype, device=y.device)
        cells = y[..., :, None, :, None] * weights[:, None, :]
        h, w = y.shape[-2:]
        return cells.reshape(*y.shape[:-2], h * self.factor, w * self.factor)

    def adjoint(self, y: Tensor) -> Tensor:
        return self._spread(y, self._weights)

    def pseudo_inverse(self, y: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            y = y * mask.to(y.dtype)
        return self._spread(y, self._weights / self._norm2)

    def cell_basis(self) -> Tensor:
        """Orthonormal `(block², block²)` float64; row 0 measured, the others its complement."""
        return self._basis.clone()

    def to_coefficients(self, x: Tensor) -> Tensor:
        """Cell coefficients `(..., H, W) -> (..., block², H/block, W/block)`."""
        edge = self.block
        pixels = self._cells(x, edge).transpose(-3, -2).flatten(-2)
        return self._transform(self._basis, pixels).movedim(-1, -3)

    def from_coefficients(self, coefficients: Tensor) -> Tensor:
        """The inverse of `to_coefficients`."""
        edge = self.block
        if coefficients.shape[-3] != edge**2:
            raise ValueError(
                f"Got {coefficients.shape[-3]} coefficients per cell where a cell of "
                f"{edge} × {edge} has {edge**2}."
            )
        pixels = self._transform(self._basis.T, coefficients.movedim(-3, -1))
        h, w = pixels.shape[-3:-1]
        cells = pixels.reshape(*pixels.shape[:-1], edge, edge).transpose(-3, -2)
        return cells.reshape(*pixels.shape[:-3], h * edge, w * edge)

    @staticmethod
    def _transform(matrix: Tensor, values: Tensor) -> Tensor:
        return values @ matrix.T.to(dtype=values.dtype, device=values.device)

    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Additive for Gaussian noise; for counts the pixels that y sees are scaled instead.

        The Gamma–Poisson form: with S the cell's expected count, S' = S + g (y − S) and
        x' = x·S'/S on the seen pixels, so x' ≥ 0 and fractions within the cell stay. Negative
        pixels of `x` count as 0; a cell that is empty gets S' evenly.
        """
        if not noise.counts:
            return super().consistency(x, y, noise, mask, strict, generator)
        x = x.clamp_min(0)
        mean = self.expected(x)
        if strict:
            total = y.expand_as(mean)
        else:
            gain = self.gain(mean, y, noise, mask, of_sample=generator is not None)
            total = mean + gain * (observation(mean, y, noise, generator) - mean)
        if mask is not None:
            total = torch.where(mask, total, mean)
        return self._rescale(x, mean, total)

    def _rescale(self, x: Tensor, mean: Tensor, total: Tensor) -> Tensor:
        """The seen pixels of every cell scaled so that the cell measures `total`."""
        cells = self._cells(x, self.factor)
        empty = mean <= torch.finfo(mean.dtype).tiny
        safe = torch.where(empty, 1.0, mean)
        fractions = torch.where(
            empty[..., :, None, :, None], 1.0, cells / safe[..., :, None, :, None]
        )
        scaled = fractions * total[..., :, None, :, None]
        seen = (self._weights > 0).to(x.device)[:, None, :]
        return torch.where(seen, scaled, cells).reshape(x.shape)
