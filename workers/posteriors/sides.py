"""The sides a map can be looked at from: the symmetries of each way of sampling.

Turned or mirrored, a map is as good a map, but a network errs a little differently on it. So each
member of an ensemble looks from a side of its own, and the members' mean is a mean over sides as
well, at no further cost. Only turns that leave the operator what it is are allowed: a point sample
at the first pixel of a cell stays there only under transposition.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workers.physics import CellModel


@dataclass(frozen=True)
class Side:
    """Quarter turns, then a mirror along the last axis."""

    turns: int = 0
    mirrored: bool = False

    def look(self, image: Tensor) -> Tensor:
        """`(..., h, w)` as it is seen from this side."""
        turned = torch.rot90(image, self.turns, (-2, -1))
        return turned.flip(-1) if self.mirrored else turned

    def back(self, image: Tensor) -> Tensor:
        """The inverse of `look`."""
        straight = image.flip(-1) if self.mirrored else image
        return torch.rot90(straight, -self.turns, (-2, -1))

    def exchange(self, basis: CellModel) -> Tensor:
        """What `back` does to the coefficients of one cell, `(block², block²)` float64.

        A signed permutation: turning a cell swaps patterns and inverts some, and mixes none.
        """
        matrix, edge = basis.cell_basis(), basis.block
        pixels = self.back(torch.arange(edge * edge).reshape(edge, edge)).flatten()
        return torch.round(matrix @ matrix.T[pixels])

    def back_from_cells(self, coefficients: Tensor, exchange: Tensor) -> Tensor:
        """Coefficients `(..., block², h, w)` predicted from this side, as of the upright map."""
        return torch.einsum("kj,...jhw->...khw", exchange.to(coefficients), self.back(coefficients))


_ALL = tuple(
    Side(turns, mirrored)
    for turns, mirrored in (
        (0, False), (2, False), (1, True), (3, True), (1, False), (3, False), (0, True), (2, True),
    )
)  # fmt: skip
SIDES = {
    "fine": _ALL,
    "binned": _ALL,
    "psf": _ALL,
    "point": (Side(), Side(3, True)),
    "line": (Side(), Side(0, True)),
}


def side_of(operator: str, member: int) -> Side:
    """From where this member of an ensemble looks."""
    sides = SIDES[operator]
    return sides[member % len(sides)]
