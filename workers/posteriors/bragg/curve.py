"""A rocking curve as a solver needs it: amplitudes around the peak, zero frequency first."""

import torch
from torch import Tensor


def amplitudes(counts: Tensor, side: int, threshold: float) -> Tensor:
    """Roots of counts `(n, h, w)`, float32 `(side, side, side)` with the peak at [0, 0, 0].

    Counts below `threshold` are taken for background: none; NaN, where the detector does not count,
    stays. Raises ValueError where the cube does not fit around the brightest pixel's surroundings,
    or nothing is left of it.
    """
    if min(counts.shape) < side:
        shape = " × ".join(map(str, counts.shape))
        raise ValueError(
            f"A cube of {side} does not fit into {shape} counts: choose a smaller one."
        )
    kept = torch.where(counts < threshold, 0, counts.float())
    seen = kept.nan_to_num()
    if not bool(seen.any()):
        raise ValueError(f"No pixel counted {threshold:g} or more: lower the threshold.")
    peak = torch.unravel_index(seen.argmax(), kept.shape)
    starts = [
        min(max(int(at) - side // 2, 0), length - side)
        for at, length in zip(peak, kept.shape, strict=True)
    ]
    cube = kept[tuple(slice(start, start + side) for start in starts)]
    turn = [start - int(at) for start, at in zip(starts, peak, strict=True)]
    return cube.sqrt().roll(turn, dims=(0, 1, 2))
