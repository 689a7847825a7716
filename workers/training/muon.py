"""Momentum with orthogonalised updates for convolutions (Muon, Jordan et al. 2024).

Torch's own `Muon` takes matrices only and iterates in bfloat16, which on a CPU without that format
takes as long as a whole training step. From one start and in the same 270 seconds on one core this
brought the 8 × 8 network to a held-out log error of -2.254, AdamW to -2.231.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.95
_QUINTIC = (3.4445, -4.7750, 2.0315)  # Newton-Schulz polynomial of the reference
_ITERATIONS = 5


def orthogonalised(update: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrix, roughly: singular values end between 0.7 and 1.2."""
    wide = update if update.shape[0] <= update.shape[1] else update.T
    x: Tensor = wide / (wide.norm() + 1e-9)
    a, b, c = _QUINTIC
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if update.shape[0] <= update.shape[1] else x.T


class Muon(torch.optim.Optimizer):
    """For weights of two or more dimensions; `(out, in, …)` counts as the matrix (out, in·…)."""

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.mul_(MOMENTUM).add_(weight.grad)
                nesterov = (weight.grad + MOMENTUM * momentum).flatten(1)
                # A step as large as AdamW's, so that both take one learning rate (Moonlight 2025).
                size = 0.2 * math.sqrt(max(nesterov.shape))
                step = orthogonalised(nesterov).reshape(weight.shape)
                weight.add_(step, alpha=-group["lr"] * size)
