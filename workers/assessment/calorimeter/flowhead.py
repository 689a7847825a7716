"""Particles by one learned reconstruction, the same for true, divided, estimated and sampled maps.

`networks.particlenet`, taught once on generated showers: the most likely number of particles, and
that many slots. Nothing is tuned to the kind of map it is applied to.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workers.assessment.calorimeter.particles import Found
from workers.events import Float
from workers.networks.particlenet import SCALE_MM, ParticleNet, Tokens

BATCH = 64  # events at once


@dataclass(frozen=True, eq=False)
class Reconstructed:
    """Particles `found` in n events, and `chances` float64 `(n, MOST)`: P(N = 1, 2, …)."""

    found: Found
    chances: NDArray[np.float64]


@torch.inference_mode()
def reconstructed(net: ParticleNet, maps: Float, pitch_mm: float) -> Reconstructed:
    """Of `maps` `(n, layers, r, r)` MeV with cells of `pitch_mm`; an empty map has no particle."""
    columns, chances = [], []
    for first in range(0, len(maps), BATCH):
        of_batch, said = _batch(net, torch.from_numpy(maps[first : first + BATCH]), pitch_mm)
        of_batch[:, 0] += first
        columns.append(of_batch)
        chances.append(said)
    event, x, y, mev = np.concatenate(columns).T if columns else np.zeros((4, 0))
    found = Found(event.astype(np.int64), x * SCALE_MM, y * SCALE_MM, mev, len(maps))
    return Reconstructed(found, np.concatenate(chances))


def _batch(
    net: ParticleNet, maps: torch.Tensor, pitch_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows of event, x, y (SCALE_MM) and MeV of every particle; P(N) of every event."""
    tokens = Tokens.of(maps, pitch_mm)
    features, logits = net(tokens)
    number = logits.argmax(dim=1) + 1
    last = net.taken(tokens, features, number)[-1]
    mev = (last.incidence * tokens.energy[:, None]).sum(dim=2)
    there = torch.arange(mev.shape[1]) < number[:, None]
    event, slot = (there & (tokens.energy > 0).any(dim=1, keepdim=True)).nonzero().T
    place = last.place[event, slot]
    rows = torch.cat([event[:, None], place, mev[event, slot][:, None]], dim=1)
    return rows.double().numpy(), logits.double().softmax(dim=1).numpy()
