"""How many turns leave a unit as it is, and angles that mean the same after such a turn."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from workers.networks.rvae import RVAE
from workers.physics.pose import posed

Array = NDArray[np.float64]

ORDERS = (6, 4, 3, 2)
OFF_AXIS, STEP = 2.0, 0.5  # pixels of a patch: the axis need not be its middle
ALIKE = 1.0  # mean square difference, in noise variances, that no single patch could tell


def order(networks: Sequence[tuple[RVAE, int, float]]) -> int:
    """The rotational order n of units: the largest whose turn by 2π/n no single patch could tell.

    networks : each with the class that is asked for and the noise of a pixel, neighbours that share
    theirs counted once (`UnitPosterior.noise`); the median of them decides. 1 where every turn is
    seen.
    """
    for n in ORDERS:
        told = [unlike(net, label, n) / noise**2 for net, label, noise in networks]
        if np.median(told) < ALIKE:
            return n
    return 1


@torch.inference_mode()
def unlike(net: RVAE, label: int, n: int) -> float:
    """Mean square difference that a turn of a class's canonical image by 2π/n makes.

    Its latents at their middle, about whichever axis near the middle of the image suits best.
    """
    side = net.shape.canvas
    image = net.decode(torch.zeros(1, net.shape.latents), torch.tensor([label]))
    # Only what lies in the patch wherever the axis does: the network knows nothing beyond.
    radius = net.shape.side / 2 - OFF_AXIS
    places = torch.arange(side) + 0.5 - side / 2
    inside = places[:, None] ** 2 + places**2 <= radius**2
    at = torch.arange(-OFF_AXIS, OFF_AXIS + STEP / 2, STEP)
    shifts = torch.cartesian_prod(at, at)
    turns = torch.cat([torch.full((len(shifts), 1), 2 * math.pi / n), shifts], dim=1)
    seen = posed(image.expand(len(turns), -1, -1), turns, side)
    squares = (seen - image)[:, inside].square().mean(dim=1)
    return float(squares.min())


def folded(angle: Array, n: int) -> Array:
    """Angles in radians modulo 2π/n, in (−π/n, π/n]."""
    return np.asarray(np.angle(np.exp(1j * n * angle)) / n)


def mean_angle(angle: Array, n: int, axis: int = 0) -> Array:
    """The circular mean modulo 2π/n along an axis, radians."""
    return np.asarray(np.angle(np.exp(1j * n * angle).mean(axis=axis)) / n)


def arc(samples: Array, n: int, level: float) -> tuple[Array, Array]:
    """Circular means and half widths, radians, of arcs that hold `level` of samples (k, units).

    The shortest arc about the mean; where samples have several modes it spans them and says so by
    being wide.
    """
    centre = mean_angle(samples, n)
    away = np.abs(folded(samples - centre, n))
    return centre, np.asarray(np.quantile(away, level, axis=0))
