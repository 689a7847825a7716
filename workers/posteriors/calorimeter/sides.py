"""The eight ways to lay a square plane on itself."""

from torch import Tensor

SIDES = 8


def turned(values: Tensor, side: int) -> Tensor:
    """`values` `(..., R, R)` laid the way `side` says: bit 0 swaps axes, bits 1 and 2 mirror."""
    values = values.transpose(-1, -2) if side & 1 else values
    axes = [axis for bit, axis in ((2, -1), (4, -2)) if side & bit]
    return values.flip(axes) if axes else values


def turned_back(values: Tensor, side: int) -> Tensor:
    """Undoes `turned`."""
    axes = [axis for bit, axis in ((2, -1), (4, -2)) if side & bit]
    values = values.flip(axes) if axes else values
    return values.transpose(-1, -2) if side & 1 else values
