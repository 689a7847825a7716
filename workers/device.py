"""Where networks compute: on a GPU where this process may use one, else on the processor.

A network is settled when it is loaded; data stay where they are. What a network is asked is brought
to it, and its answer back. So random numbers are drawn where the data lie, and a seed draws the
same whatever the device; on a processor nothing moves and no bit changes.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

Net = TypeVar("Net", bound=nn.Module)
Said = TypeVar("Said", Tensor, tuple[Tensor, Tensor])


def device() -> str:
    """ "cuda" or "cpu"; which GPU of several, CUDA_VISIBLE_DEVICES says."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def named() -> str:
    """The device in words, for whoever asks later what computed a result."""
    return torch.cuda.get_device_name() if device() == "cuda" else "cpu"


def settled(net: Net) -> Net:
    """`net`, moved to where it computes."""
    if device() == "cuda":
        # Ten bits of mantissa, the default of convolutions, would show beside bright counts.
        torch.backends.cudnn.allow_tf32 = False
    return net.to(device())


def asked(net: nn.Module, how: Callable[..., Said], *given: Tensor) -> Said:
    """What `how`, which asks `net`, says of `given`: tensors that lie anywhere, all in one place.

    Its answer lies there, too.
    """
    there, here = next(net.parameters()).device, given[0].device
    said = how(*(values.to(there) for values in given))
    if isinstance(said, Tensor):
        return said.to(here)
    return cast(Said, tuple(each.to(here) for each in said))
