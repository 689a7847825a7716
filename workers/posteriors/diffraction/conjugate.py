"""Linear equations of object and probe together, by conjugate gradients."""

from collections.abc import Callable

import torch
from torch import Tensor

CLOSE = 1e-3  # of the first misfit: near enough

Numbers = tuple[Tensor, Tensor]  # real numbers that stand for an object, and for a probe


def conjugate_gradients(
    applied: Callable[[Numbers], Numbers], aim: Numbers, near: Numbers, steps: int
) -> Numbers:
    """What `applied`, symmetric and positive, makes `aim` of; `near` is about its inverse."""

    def times(first: Numbers, second: Numbers) -> Numbers:
        return first[0] * second[0], first[1] * second[1]

    def added(first: Numbers, size: float, second: Numbers) -> Numbers:
        return first[0] + size * second[0], first[1] + size * second[1]

    def product(first: Numbers, second: Numbers) -> float:
        return sum(float(part.double().sum()) for part in times(first, second))

    found: Numbers = (torch.zeros_like(aim[0]), torch.zeros_like(aim[1]))
    left, way = aim, times(near, aim)
    size = first = product(left, way)
    for _ in range(steps):
        turned = applied(way)
        length = size / product(way, turned)
        found, left = added(found, length, way), added(left, -length, turned)
        preconditioned = times(near, left)
        before, size = size, product(left, preconditioned)
        if size <= CLOSE**2 * first:
            break
        way = added(preconditioned, size / before, way)
    return found
