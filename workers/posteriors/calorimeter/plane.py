"""Maps of a plane and the children of its coarse cells: two orders of the same numbers."""

from torch import Tensor


def children_of(fine: Tensor, factor: int) -> Tensor:
    """`(..., R, R) -> (..., factor², R / factor, R / factor)`: the children of each cell."""
    rows = fine.shape[-1] // factor
    blocks = fine.reshape(*fine.shape[:-2], rows, factor, rows, factor)
    return blocks.movedim((-3, -1), (-4, -3)).flatten(-4, -3)


def map_of(children: Tensor, factor: int) -> Tensor:
    """`(..., factor², r, r) -> (..., r · factor, r · factor)`: undoes `children_of`."""
    *leading, _, height, width = children.shape
    blocks = children.reshape(*leading, factor, factor, height, width)
    return blocks.movedim((-4, -3), (-3, -1)).flatten(-4, -3).flatten(-2, -1)
