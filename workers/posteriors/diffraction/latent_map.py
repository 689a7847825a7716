"""Frames as points of a plane: those that look alike to the network lie near each other."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.posteriors.diffraction.glance import first_guess, glance
from workers.posteriors.diffraction.scan import Scan

BATCH = 32


class Latent(Protocol):
    """A network that places glances float32 `(n, 8, s, s)` among others, `(n, d)`."""

    def latent(self, inputs: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class LatentMap:
    """Coordinates float32 `(n, 2)` of frames in their order, and the share of variance of each."""

    coordinates: NDArray[np.float32]
    share: tuple[float, float]

    def columns(self) -> dict[str, NDArray[np.float32]]:
        """As columns of a table of a run, a row for each frame."""
        return {"first": self.coordinates[:, 0], "second": self.coordinates[:, 1]}


@torch.no_grad()
def latent_map(net: Latent, scan: Scan, probe: Tensor) -> LatentMap:
    """The two principal components of the network's latents of all frames of this scan.

    Components keep the scale of latents; each points where its largest latent weight is positive,
    so that a map looks the same when it is made again.
    """
    guess = first_guess(scan, probe)
    latents = torch.cat(
        [net.latent(glance(scan.of(which), probe, guess).inputs) for which in scan.batches(BATCH)]
    ).double()
    centred = latents - latents.mean(dim=0)
    _, strength, axes = torch.linalg.svd(centred, full_matrices=False)
    largest = axes[:2].gather(1, axes[:2].abs().argmax(dim=1, keepdim=True))
    found = centred @ (axes[:2] * largest.sign()).T
    share = (strength[:2].square() / strength.square().sum().clamp_min(1e-30)).tolist()
    return LatentMap(found.float().numpy(), (share[0], share[1]))
