"""Where a reconstruction starts: the probe's modes and their power."""

import torch
from torch import Tensor

from workers.physics.propagation import inverse_fourier
from workers.posteriors.diffraction.scan import Scan

FIRST = 0.85  # the share of the power in the first mode; the others begin with the rest


def guessed_probe(scan: Scan) -> Tensor:
    """A far-field probe from the mean frame, complex64 `(s, s)`: its amplitude, no phase.

    It is as large as the beam would be if it came to a focus on the object.
    """
    mean = scan.frames.mean(dim=0)
    probe: Tensor = torch.fft.fftshift(inverse_fourier(mean.sqrt().to(torch.complex64)))
    return probe


def starting_modes(probe: Tensor, count: int, power: float) -> Tensor:
    """`count` orthogonal modes `(count, s, s)` of together this power, the first as `probe`.

    The others are the probe times low polynomials about its middle (Hermite–Gaussian modes for a
    Gaussian probe). The power comes from the data: a guess that disagrees with them diverges.
    """
    side = probe.shape[-1]
    along = torch.arange(side, dtype=torch.float32, device=probe.device)
    weight = probe.abs().square() / probe.abs().square().sum()
    rows = along[:, None] - (weight.sum(dim=1) * along).sum()
    columns = along[None] - (weight.sum(dim=0) * along).sum()
    shapes = [rows**i * columns ** (order - i) for order in range(count) for i in range(order + 1)]
    modes = orthogonal(torch.stack([probe * shape for shape in shapes[:count]]), keep_order=True)
    share = torch.full((count,), (1 - FIRST) / max(count - 1, 1), device=probe.device)
    share[0] = FIRST if count > 1 else 1
    return modes / norm(modes) * (share * power).sqrt()[:, None, None]


def norm(modes: Tensor) -> Tensor:
    """Root of the power of each mode, `(m, 1, 1)`."""
    return modes.abs().square().sum(dim=(1, 2), keepdim=True).sqrt()


def orthogonal(modes: Tensor, keep_order: bool = False) -> Tensor:
    """Orthogonal modes of the same total intensity everywhere in the far field, strongest first.

    Incoherent modes are only fixed up to a unitary mixture, so a picture of them means something
    only when they are its principal axes (Thibault & Menzel 2013). With `keep_order` the first
    stays as it is and each of the others loses what it shares with those before it.
    """
    flat = modes.reshape(len(modes), -1)
    if keep_order:
        axes, size = torch.linalg.qr(flat.T)
        kept: Tensor = (axes * size.diagonal()).T.reshape(modes.shape)
        return kept
    _, mixture = torch.linalg.eigh(flat @ flat.conj().T)
    principal: Tensor = (mixture.conj().T.flip(0) @ flat).reshape(modes.shape)
    return principal
