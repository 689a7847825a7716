"""Convolutions over the places of a grid where something was seen, and nowhere else.

Features are kept as rows, one for each such place; elsewhere they are 0, as beyond the edge. The
answer is that of a convolution of the whole grid whose features are set to 0 wherever nothing was
seen; an event leaves most of its plane empty, so it costs a third of that.
"""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class Places:
    """Places that were seen, in the order of a flattened grid `(b, h, w)`.

    `at` int64 `(t,)` are they; `near` int64 `(9 t,)` are, for each dilation, the rows of the nine
    places a 3 × 3 kernel looks at, `t` where nothing was seen.
    """

    grid: tuple[int, int, int]
    at: Tensor
    near: dict[int, Tensor]

    @classmethod
    def of(cls, seen: Tensor, dilations: Collection[int]) -> "Places":
        """Of `seen` `(b, 1, h, w)` (bool), for kernels of these dilations."""
        b, _, h, w = seen.shape
        at = seen.flatten().nonzero()[:, 0]
        row = torch.full((b * h * w,), len(at), device=seen.device)
        row[at] = torch.arange(len(at), device=seen.device)
        near = {}
        for d in set(dilations):
            padded = F.pad(row.reshape(b, h, w), (d,) * 4, value=len(at))
            nine = [
                padded[:, down : down + h, right : right + w].reshape(-1)[at]
                for down in (0, d, 2 * d)
                for right in (0, d, 2 * d)
            ]
            near[d] = torch.stack(nine, dim=1).flatten()
        return cls((b, h, w), at, near)

    def rows(self, maps: Tensor) -> Tensor:
        """`(b, c, h, w) -> (t, c)`."""
        return maps.permute(0, 2, 3, 1).flatten(0, 2).index_select(0, self.at)

    def maps(self, rows: Tensor) -> Tensor:
        """`(t, c) -> (b, c, h, w)`, 0 where nothing was seen: undoes `rows` there."""
        b, h, w = self.grid
        flat = rows.new_zeros(b * h * w, rows.shape[1]).index_copy(0, self.at, rows)
        return flat.reshape(b, h, w, -1).permute(0, 3, 1, 2)

    def event(self) -> Tensor:
        """The event each row is of, `(t,)`."""
        return self.at // (self.grid[1] * self.grid[2])

    def convolved(self, layer: nn.Conv2d, rows: Tensor) -> Tensor:
        """`layer`, 1 × 1 or 3 × 3 with padding as wide as its dilation: `(t, in) -> (t, out)`."""
        if layer.kernel_size == (1, 1):
            return F.linear(rows, layer.weight.flatten(1), layer.bias)
        padded = torch.cat([rows, rows.new_zeros(1, rows.shape[1])])
        around = padded.index_select(0, self.near[int(layer.dilation[0])])
        kernel = layer.weight.permute(0, 2, 3, 1).flatten(1)
        return F.linear(around.reshape(len(rows), kernel.shape[1]), kernel, layer.bias)
