"""Going downhill: the loop that every network of the house is trained with.

Muon for the convolutions that keep a network's width and AdamW for the rest, a learning rate that
falls as half a cosine, averaged weights, and a checkpoint from which a stopped training goes on.
"""

import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from workers.device import device
from workers.training.distributed import Loss, Shown, averaged, is_first, shared
from workers.training.muon import Muon

EVERY = 200  # steps between two reports and checkpoints
WARM_UP = 50  # steps
AVERAGE_DECAY = 0.995


def on_device(values: Tensor) -> Tensor:
    return values.to(device())


def has_bfloat16(where: str) -> bool:
    """Whether bfloat16 saves time: elsewhere it is emulated, ten times slower than float32."""
    return where == "cuda" or bool(torch.cpu._is_avx512_bf16_supported())


def square_weights(net: nn.Module) -> list[tuple[str, Tensor]]:
    """Kernels of the convolutions that end in the width of `net`: what Muon is good at."""
    return [
        (name, module.weight)
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d) and module.out_channels == net.width
    ]


def optimisers(
    net: nn.Module, square: Sequence[Tensor], rate: float
) -> list[torch.optim.Optimizer]:
    """Muon for `square`, AdamW for everything else."""
    chosen = set(square)
    others = [p for p in net.parameters() if p not in chosen and p.requires_grad]
    adam = torch.optim.AdamW(others, lr=rate, weight_decay=1e-4, betas=(0.9, 0.98))
    return [Muon(list(square), lr=rate), adam]


def descend(
    net: nn.Module,
    square: Sequence[Tensor],
    loss: Loss,
    limits: Sequence[tuple[Sequence[Tensor], float]],
    steps: int,
    rates: tuple[float, float],
    seed: tuple[int, int],
    checkpoint: Path,
) -> dict[str, Tensor]:
    """Train `net` and return its averaged weights, half precision.

    `loss` draws a batch with the generators it is given; `limits` are groups of parameters and how
    long the gradient of each may be; `rates` the learning rate at the start and at the end. Of
    several processes (`training.distributed`) all must see the checkpoint, and the first writes it.
    """
    net.to(device())
    average = torch.optim.swa_utils.AveragedModel(
        net,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE_DECAY),  # type: ignore[no-untyped-call]
    )
    both, done = optimisers(net, square, rates[0]), 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        for optimiser, saved in zip(both, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        done = int(state["step"])
    shared_loss = shared(net, loss)
    rng = np.random.default_rng([*seed, done])
    generator = torch.Generator().manual_seed(1000 * seed[0] + seed[1] + 7919 * done)
    began, history = time.monotonic(), list[Shown]()
    for step in range(done, steps):
        half_cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
        rate = rates[1] + (rates[0] - rates[1]) * half_cosine
        for group in (group for optimiser in both for group in optimiser.param_groups):
            group["lr"] = rate * min(1.0, (step - done + 1) / WARM_UP)
        value, shown = shared_loss(rng, generator)
        net.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        for parameters, limit in limits:
            torch.nn.utils.clip_grad_norm_(parameters, limit)
        for optimiser in both:
            optimiser.step()
        average.update_parameters(net)
        history.append(shown)
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            means = averaged({k: float(np.mean([each[k] for each in history])) for k in shown})
            history.clear()
            if not is_first():
                continue
            figures = " ".join(f"{k} {mean:.4f}" for k, mean in means.items())
            seconds = time.monotonic() - began
            print(  # noqa: T201  the training command speaks on the terminal
                f"seed {seed} step {step + 1}/{steps} {figures} {seconds:.0f} s", flush=True
            )
            torch.save(
                {
                    "net": net.state_dict(),
                    "average": average.state_dict(),
                    "optimisers": [optimiser.state_dict() for optimiser in both],
                    "step": step + 1,
                },
                checkpoint,
            )
    return {k: v.half().contiguous() for k, v in average.module.state_dict().items()}
