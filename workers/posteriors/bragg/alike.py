"""Two crystals made comparable: a rocking curve fixes neither place, nor phase, nor inversion."""

import torch
from torch import Tensor


def alike(image: Tensor, reference: Tensor) -> tuple[Tensor, float]:
    """`image` as near to `reference` as its freedom allows, and their correlation then.

    Both complex `(s, s, s)`. Tried are whole shifts, a constant phase, and the conjugate of the
    image seen through its middle, whose transform has the same amplitude.
    """
    inverted = image.conj().resolve_conj().flip((0, 1, 2))
    return max((_moved(each, reference) for each in (image, inverted)), key=lambda pair: pair[1])


def _moved(image: Tensor, reference: Tensor) -> tuple[Tensor, float]:
    cross = torch.fft.ifftn(torch.fft.fftn(image).conj() * torch.fft.fftn(reference))
    peak = cross.abs().argmax()
    shift = [int(at) for at in torch.unravel_index(peak, cross.shape)]
    turn = cross.reshape(-1)[peak]
    strength = float(turn.abs() / (image.norm() * reference.norm()))
    return image.roll(shift, dims=(0, 1, 2)) * (turn / turn.abs()), strength
