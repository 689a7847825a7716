"""One training on several processes: `torchrun --nproc-per-node GPUS -m workers.training.…`.

Every process draws each whole batch with the same generators and keeps its own part of the maps;
gradients are averaged over all maps. So a training comes out the same, to rounding, however many
processes share it. Started without `torchrun` a training is one process, and a part the whole.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from workers.device import device

Shown = dict[str, float]  # figures of a step by name, for the terminal
Loss = Callable[[np.random.Generator, torch.Generator], tuple[Tensor, Shown]]


@contextmanager
def processes() -> Iterator[None]:
    """Join the processes that `torchrun` started, each with a GPU of its own where there are any;
    alone where it started none.
    """
    if not distributed.is_torchelastic_launched():
        yield
        return
    gpus = torch.cuda.is_available()
    if gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if gpus else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def count() -> int:
    """How many processes share this training."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this process is the one that writes files and speaks on the terminal."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


@dataclass(frozen=True)
class Part:
    """The maps of a batch of `whole` that this process takes: `start` up to `stop`."""

    whole: int
    start: int
    stop: int

    def of(self, batch: Tensor, dim: int = 0) -> Tensor:
        """This part of a tensor whose axis `dim` counts all maps of the batch."""
        return batch.narrow(dim, self.start, self.stop - self.start)

    def weighed(self, loss: Tensor, shown: Mapping[str, float]) -> tuple[Tensor, Shown]:
        """Means over this part, so that their mean over processes is that over the batch."""
        weight = count() * (self.stop - self.start) / self.whole
        return weight * loss, {name: weight * value for name, value in shown.items()}


def part_of(whole: int) -> Part:
    """Split a batch of `whole` maps as evenly as it goes; SystemExit where a process gets none."""
    shares = count()
    if whole < shares:
        raise SystemExit(
            f"A batch of {whole} cannot be split over {shares} processes: "
            f"give --maps of at least ten times their number, {10 * shares}."
        )
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    return Part(whole, whole * rank // shares, whole * (rank + 1) // shares)


class _Step(nn.Module):
    """A loss as a module, so that DistributedDataParallel sees it computed as a whole."""

    def __init__(self, net: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.net, self._loss = net, loss

    def forward(self, rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        return self._loss(rng, generator)


def shared(net: nn.Module, loss: Loss) -> Loss:
    """`loss`, whose gradients for `net` are averaged over all processes."""
    if count() == 1:
        return loss
    # Each operator has weights of its own, so a step does not use all of them.
    return DistributedDataParallel(_Step(net, loss), find_unused_parameters=True)


def averaged(shown: Shown) -> Shown:
    """Figures of this process's parts, averaged over all processes; all must ask."""
    if count() == 1:
        return shown
    values = torch.tensor(list(shown.values()), device=device())
    distributed.all_reduce(values)
    return dict(zip(shown, (values / count()).tolist(), strict=True))
