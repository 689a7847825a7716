"""The models that ship with the project, each with its card.

A model is a folder of `workers/models`: `cell2.safetensors`, `cell4.safetensors`,
`cell8.safetensors` (every member's weights and the residual kernels) and `card.json`, which says
what it was trained on, how it did on held-out truth, how it was calibrated, and the SHA-256 of
every weights file. A file whose hash is not on its card is not loaded.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file

from workers.networks.cellnet import CellNet
from workers.posteriors.ensemble import Ensemble
from workers.training.cards import MODELS, XRAY, card


class ModelError(Exception):
    """A model cannot be used; the message says why and what to do."""


@lru_cache(maxsize=4)
def load_ensemble(cell: int, name: str = XRAY) -> Ensemble:
    """The ensemble for one size of cell. Raises ModelError where its weights do not match."""
    file = MODELS / name / f"cell{cell}.safetensors"
    if not file.exists():
        raise ModelError(f"The model {name} has no weights for {cell} × {cell} cells.")
    if hashlib.sha256(file.read_bytes()).hexdigest() != card(name)["weights"].get(file.name):
        raise ModelError(
            f"The weights {file.name} of {name} are not those of its card: fetch the project again."
        )
    return load_weights(file, cell)


def load_weights(file: Path, cell: int) -> Ensemble:
    """Members and residual kernels of one weights file, whatever any card says of it."""
    tensors = {k: v.float() for k, v in load_file(file).items()}
    residuals = {k[9:]: v for k, v in tensors.items() if k.startswith("residual.")}
    count = 1 + max(int(k.split(".")[0][6:]) for k in tensors if k.startswith("member"))
    return Ensemble(tuple(_member(tensors, m, cell) for m in range(count)), residuals)


def _member(tensors: dict[str, torch.Tensor], m: int, cell: int) -> CellNet:
    net = CellNet(cell)
    prefix = f"member{m}."
    net.load_state_dict({k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)})
    # Channels last: the layout in which convolutions on a CPU are fastest.
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.eval().requires_grad_(False)
