"""The networks of a run on units, and the states each finds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg

from workers.assessment.units.descriptor import Descriptor
from workers.assessment.units.finding import Found
from workers.assessment.units.states import States
from workers.networks.rvae import RVAE
from workers.posteriors.units.fitting import epochs, fit
from workers.posteriors.units.learning import BATCH, Epoch, Heard
from workers.posteriors.units.posterior import UnitPosterior
from workers.recipes.unit_states import states_of

Array = NDArray[np.float64]

SAMPLES = 200


@dataclass(frozen=True)
class Learned:
    """One network and what it says of every unit; `collapsed` : latents that hold nothing."""

    net: RVAE
    posterior: UnitPosterior
    commonest: int  # class
    collapsed: tuple[int, ...]


@dataclass(frozen=True)
class Member:
    """A network and the states it finds, None where no unit was followed long enough."""

    learned: Learned
    order: int
    turns: bool  # whether a turn is a change, as it is of a rigid unit and not of a place
    values: Array  # (n, d): cos nθ and sin nθ where it is, latents
    variances: Array
    states: States | None


def learn_units(
    patches: NDArray[np.float32],
    described: Descriptor,
    parameters: dict[str, Any],
    seed: int,
    told: Heard,
) -> Learned:
    """One network learned from patches `(n, p, p)`, and what it says of them."""
    passes = epochs(len(patches), BATCH)
    last: list[Epoch] = []

    def heard(epoch: Epoch) -> None:
        last[:] = [epoch]
        told(epoch)

    count = parameters["classes"] or None
    net, posterior = fit(patches, described, count, parameters["latents"], seed, passes, heard)
    commonest = int(np.bincount(most_likely(posterior.label, posterior)).argmax())
    return Learned(net, posterior, commonest, last[0].collapsed)


def follow(learned: Learned, found: Found, n: int, turns: bool, seed: int) -> Member:
    """The states that a network finds; `n` is the order of rotational symmetry."""
    _, angle, latents = learned.posterior.sample(SAMPLES, torch.Generator().manual_seed(seed))
    turn = n * angle.double().numpy()
    values = latents.double().numpy()
    if turns:
        facing = np.stack([np.cos(turn), np.sin(turn)], axis=2)
        values = np.concatenate([facing, values], axis=2)
    mean, variance = values.mean(axis=0), values.var(axis=0)
    return Member(learned, n, turns, mean, variance, states_of(found, mean, variance))


def most_likely(values: torch.Tensor, posterior: UnitPosterior) -> NDArray[Any]:
    """Of the most likely mode of each unit."""
    return np.asarray(values[torch.arange(len(values)), posterior.best].numpy())


def together(members: Sequence[Member], first: Member) -> tuple[Array, Array]:
    """Latents `(n, d)` of `first` and their standard deviations, with what members differ by.

    Axes and signs of latents are arbitrary, so each member's are first turned onto those of `first`
    (orthogonal Procrustes: Schönemann 1966), kind by kind, as kinds need not share their axes.
    """
    count = first.learned.net.shape.latents
    means = [_latents(each.learned.posterior)[:, :count] for each in members]
    own = _latents(first.learned.posterior)[:, :count]
    posterior = first.learned.posterior
    covariance = most_likely(posterior.covariance, posterior)
    variance = np.diagonal(covariance, axis1=1, axis2=2)[:, :count].astype(np.float64)
    label = most_likely(posterior.label, posterior)
    for kind in np.unique(label):
        mine = label == kind
        turned = np.stack([_onto(own[mine], other[mine]) for other in means])
        variance[mine] += turned.var(axis=0, ddof=1)
    return own, np.sqrt(variance)


def _latents(posterior: UnitPosterior) -> Array:
    return most_likely(posterior.mean, posterior).astype(np.float64)


def _onto(reference: Array, other: Array) -> Array:
    """`other` (n, d) moved, turned, mirrored and scaled onto `reference`."""
    target, rest = reference - reference.mean(axis=0), other - other.mean(axis=0)
    rotation, scale = linalg.orthogonal_procrustes(rest, target)
    size = (rest**2).sum()
    factor = scale / size if size > 0 else 0.0
    return np.asarray(factor * rest @ rotation + reference.mean(axis=0))


def most_usual(members: Sequence[Member]) -> Member:
    """The first network that finds as many states as most do."""
    counts = [each.states.count if each.states else 0 for each in members]
    usual = Counter(counts).most_common(1)[0][0]
    return members[counts.index(usual)]


def agreed(members: Sequence[Member]) -> bool:
    """Whether more than half of the networks find as many states."""
    counts = Counter(each.states.count if each.states else 0 for each in members)
    return 2 * counts.most_common(1)[0][1] > len(members)
