"""Where another frame would tell most: from the spread of the object and the light of the probe."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

COUNT = 12


@dataclass(frozen=True)
class NextPlaces:
    """Places `row`, `column` (pixels, as those of the frames), best first.

    `gain` is the share of the lit object's whole variance that a frame there would take away,
    after those before it.
    """

    row: NDArray[np.float64]
    column: NDArray[np.float64]
    gain: NDArray[np.float64]


def next_places(
    variance: Tensor, probe: Tensor, places: Tensor, variance_factor: float, count: int = COUNT
) -> NextPlaces:
    """`variance` `(H, W)` of the complex object, 0 where it is not shown; `probe` `(m, s, s)`.

    A frame more gives every pixel the Fisher information 2|P|²/g, as `Curvature.diagonal` has
    it; each place is the best one after the places before it (greedy). Only within the rectangle
    of `places` `(n, 2)`.
    """
    light = 2 / variance_factor * probe.abs().square().sum(dim=0)
    low = places.min(dim=0).values.ceil().long().tolist()
    high = places.max(dim=0).values.floor().long().tolist()
    whole = float(variance.sum())
    rows, columns, gains = [], [], []
    for _ in range(count):
        found = _gains(variance, light)[low[0] : high[0] + 1, low[1] : high[1] + 1]
        best = int(found.argmax())
        row, column = low[0] + best // found.shape[1], low[1] + best % found.shape[1]
        part = variance[row : row + len(light), column : column + len(light)]
        after = part / (1 + part * light)
        rows.append(float(row))
        columns.append(float(column))
        gains.append(float((part - after).sum()) / whole)
        variance = variance.clone()
        variance[row : row + len(light), column : column + len(light)] = after
    return NextPlaces(np.array(rows), np.array(columns), np.array(gains))


def _gains(variance: Tensor, light: Tensor) -> Tensor:
    """About how much variance a frame at each place takes away, `(H − s + 1, W − s + 1)`.

    v − v/(1 + vf) ≈ v · vf/(1 + vf) with one f for the probe's middle would not see its shape:
    the lost variance is taken as ∑ v² f/(1 + v̄ f), a correlation with the probe's light.
    """
    typical = variance[variance > 0].mean() if bool((variance > 0).any()) else variance.mean()
    kernel = light / (1 + typical * light)
    height, width = variance.shape
    spectrum = (
        torch.fft.rfft2(variance.square()) * torch.fft.rfft2(kernel, s=(height, width)).conj()
    )
    side = len(light)
    found: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return found[: height - side + 1, : width - side + 1]
