"""From patches to the posterior of their units: classes, poses, learning, asking."""

import numpy as np
import torch
from numpy.typing import NDArray

from workers.assessment.units.descriptor import Descriptor, classes
from workers.networks.rvae import RVAE, Shape
from workers.posteriors.units.learning import Heard, learn
from workers.posteriors.units.posterior import UnitPosterior, ask
from workers.posteriors.units.templates import start

STEPS = 1700  # of learning: what a thousand patches take in 60 epochs


def epochs(count: int, batch: int) -> int:
    """Epochs over `count` patches that make about as many steps for few patches as for many."""
    return int(np.clip(np.ceil(STEPS / np.ceil(count / batch)), 40, 400))


def fit(
    patches: NDArray[np.float32],
    described: Descriptor,
    count: int | None,
    latents: int,
    seed: int,
    passes: int,
    heard: Heard,
) -> tuple[RVAE, UnitPosterior]:
    """The network of units in patches `(n, p, p)` and what it says of each.

    `count` classes, or as many as the classical descriptor tells apart. Deterministic for a seed on
    one machine. `heard` is told of every epoch and may raise to stop.
    """
    labels = classes(described.values, count, seed)
    generator = torch.Generator().manual_seed(seed)
    tensor = torch.from_numpy(np.ascontiguousarray(patches))
    begun = start(tensor, labels, latents, generator)
    shape = Shape(patches.shape[-1], latents, int(labels.max()) + 1)
    net = learn(tensor, shape, begun, seed, passes, heard)
    return net, ask(net, tensor)
