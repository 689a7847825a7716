"""The models that ship with the project, each with its card.

A model is a folder of `workers/models`: `cell2.safetensors`, `cell4.safetensors`,
`cell8.safetensors` (every member's weights and the residual kernels) and `card.json`, which says
what it was trained on, how it did on held-out truth, how it was calibrated, and the SHA-256 of
every weights file. A file whose hash is not on its card is not loaded.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load, load_file

from workers.assessment.familiarity import Familiar
from workers.device import settled
from workers.networks.autoencoder import Autoencoder
from workers.networks.cellnet import CellNet
from workers.networks.flownet import FlowNet
from workers.networks.guidenet import GuideNet
from workers.networks.particlenet import ParticleNet
from workers.networks.patchnet import PatchNet
from workers.networks.splitflow import SplitFlow
from workers.networks.splitnet import SplitNet
from workers.physics.calorimeter.geometry import LAYERS
from workers.posteriors.calorimeter.model import ShowerModel
from workers.posteriors.ensemble import Ensemble
from workers.posteriors.flow import FlowModel
from workers.posteriors.latent import LatentModel, latent_flow
from workers.posteriors.posterior import Model
from workers.posteriors.variational import Dropout, LowRank, VariationalModel, Weights
from workers.training.cards import (
    CALORIMETER,
    DROPOUT,
    FLOW,
    GUIDE,
    LATENT,
    MODELS,
    PARTICLES,
    PATCHES,
    VARIATIONAL,
    XRAY,
    card,
)

LATENT_STEPS = 8
WHOLE = "net.safetensors"  # of a model that has one size alone
FAMILIARITY = "familiarity.safetensors"  # what its training scenes looked like to a model


class ModelError(Exception):
    """A model cannot be used; the message says why and what to do."""


@lru_cache(maxsize=4)
def load_ensemble(cell: int, name: str = XRAY) -> Ensemble:
    """The ensemble for one size of cell. Raises ModelError where its weights do not match."""
    return load_weights(_of_its_card(name, cell), cell)


@lru_cache(maxsize=4)
def load_flow(cell: int, name: str = FLOW) -> FlowModel:
    """The null-space flow for one size of cell and the regression it was taught with.

    Raises ModelError where weights do not match their card, or the regression is not the one whose
    residuals the flow has learned.
    """
    file = _of_its_card(name, cell)
    flow, steps = load_flow_weights(file, cell), card(name)["steps"][f"cell{cell}"]
    return FlowModel(_regression(name, file.name, cell), flow, steps)


@lru_cache(maxsize=4)
def load_latent(cell: int, name: str = LATENT) -> LatentModel:
    """The literal latent diffusion model; raises ModelError as `load_flow` does."""
    file = _of_its_card(name, cell)
    return load_latent_weights(file, _regression(name, file.name, cell))


@lru_cache(maxsize=4)
def load_guide(cell: int, name: str = GUIDE) -> GuideNet:
    """How far to believe an electron image; raises ModelError as `load_flow` does."""
    file = _of_its_card(name, cell)
    _regression(name, file.name, cell)
    return load_guide_weights(file, cell)


def load_guide_weights(file: Path, cell: int) -> GuideNet:
    """The guide network of one weights file, whatever any card says of it."""
    net = GuideNet(cell)
    net.load_state_dict({k: v.float() for k, v in load_file(file).items()})
    return settled(net).eval().requires_grad_(False)


@lru_cache(maxsize=4)
def load_familiar(task: str, name: str = XRAY) -> Familiar:
    """What training scenes looked like to the first network of a model; `task` as "binned.x4".

    Raises ModelError where the file is not that of the model's card.
    """
    file = MODELS / name / FAMILIARITY
    _check(name, file)
    tensors = load_file(file)
    mean, precision = (tensors[f"{task}.{part}"].double().numpy() for part in ("mean", "precision"))
    return Familiar(mean, precision, card(name)["familiarity"][task]["limit"])


@lru_cache(maxsize=4)
def load_variational(cell: int, name: str = VARIATIONAL) -> VariationalModel:
    """A regression and the distribution of its last layers; raises ModelError as `load_flow`."""
    file = _of_its_card(name, cell)
    return load_variational_weights(file, _regression(name, file.name, cell))


def load_variational_weights(file: Path, regression: CellNet) -> VariationalModel:
    """The variational model of one weights file, whatever any card says of it."""
    tensors = {k: v.float() for k, v in load_file(file).items()}
    residuals = {k[9:]: tensors.pop(k) for k in list(tensors) if k.startswith("residual.")}
    weights: Weights
    if "rate" in tensors:
        weights = Dropout(tensors["weights"], float(tensors["rate"]))
    else:
        weights = LowRank(**tensors)
    return VariationalModel(regression, weights, residuals)


def _regression(name: str, file: str, cell: int) -> CellNet:
    """The network whose residuals the model `name` has learned (ModelError if it is not here)."""
    own = card(name)
    regression = own["regression_model"]
    if card(regression)["weights"].get(file) != own["regression"][file]:
        raise ModelError(
            f"The model {name} was taught with other weights of {regression} than those here: "
            "fetch the project again, or train it anew."
        )
    return load_ensemble(cell, regression).members[0]


@lru_cache(maxsize=2)
def load_showers(factor: int, name: str = CALORIMETER) -> ShowerModel:
    """The networks of calorimeter events at one factor; raises ModelError as `load_ensemble`."""
    file = _of_its_card(name, factor)
    return load_shower_weights(file, factor, card(name)["calibration"][f"x{factor}"]["warmth"])


def load_shower_weights(file: Path, factor: int, warmth: float = 1.0) -> ShowerModel:
    """The networks of one weights file, whatever any card says of them."""
    tensors = {k: v.float() for k, v in load_file(file).items()}
    sigma = tensors["split.sigma"].flatten().tolist()
    split = SplitNet(factor, tuple(sigma), tensors["split.enter.bias"].numel())
    flow = SplitFlow(split.channels, split.width, tensors["flow.enter.bias"].numel())
    for net, prefix in ((split, "split."), (flow, "flow.")):
        net.load_state_dict(
            {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        )
        settled(net).eval().requires_grad_(False)
    return ShowerModel(split, flow, warmth=warmth)


@lru_cache(maxsize=2)
def load_patchnet(name: str = PATCHES) -> PatchNet:
    """The convolutional network of scanning diffraction; raises ModelError as `load_ensemble`."""
    net = PatchNet()
    net.load_state_dict(_whole(name))
    return net.eval().requires_grad_(False)


@lru_cache(maxsize=2)
def load_particles(name: str = PARTICLES) -> ParticleNet:
    """The reconstruction that judges calorimeter maps; raises ModelError as `load_ensemble`."""
    net = ParticleNet(LAYERS)
    net.load_state_dict(_whole(name))
    return net.eval().requires_grad_(False)


def _whole(name: str) -> dict[str, torch.Tensor]:
    file = MODELS / name / WHOLE
    if not file.exists():
        raise ModelError(f"The model {name} has no weights here: fetch the project again.")
    _check(name, file)
    return {k: v.float() for k, v in load_file(file).items()}


def load_taught(file: Path, digest: str, cell: int) -> CellNet:
    """A regression that a lab taught, from its weights file.

    Raises ModelError where the file is gone or its SHA-256 is not `digest`.
    """
    if not file.exists():
        raise ModelError("The weights of the taught network are no longer in the store.")
    weights = file.read_bytes()
    if hashlib.sha256(weights).hexdigest() != digest:
        raise ModelError("The weights of the taught network are not those it was kept with.")
    return _regression_of({k: v.float() for k, v in load(weights).items()}, cell)


def load_latent_weights(file: Path, regression: CellNet) -> LatentModel:
    """The latent diffusion model of one weights file, whatever any card says of it."""
    tensors = {k: v.float() for k, v in load_file(file).items()}
    flow, autoencoder = latent_flow(), Autoencoder()
    for net, prefix in ((flow, "flow."), (autoencoder, "autoencoder.")):
        net.load_state_dict(
            {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        )
        settled(net).eval().requires_grad_(False)
    return LatentModel(FlowModel(regression, flow, LATENT_STEPS), autoencoder, tensors["spread"])


def _of_its_card(name: str, cell: int) -> Path:
    """The weights file for one size of cell, if it is the one its card describes."""
    file = MODELS / name / f"cell{cell}.safetensors"
    if not file.exists():
        raise ModelError(f"The model {name} has no weights for {cell} × {cell} cells.")
    _check(name, file)
    return file


def _check(name: str, file: Path) -> None:
    if hashlib.sha256(file.read_bytes()).hexdigest() != card(name)["weights"].get(file.name):
        raise ModelError(
            f"The weights {file.name} of {name} are not those of its card: fetch the project again."
        )


def load_flow_weights(file: Path, cell: int) -> FlowNet:
    """The flow of one weights file, whatever any card says of it."""
    net = FlowNet(cell)
    net.load_state_dict({k: v.float() for k, v in load_file(file).items()})
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return settled(net).eval().requires_grad_(False)


def load_weights(file: Path, cell: int) -> Ensemble:
    """Members and residual kernels of one weights file, whatever any card says of it."""
    tensors = {k: v.float() for k, v in load_file(file).items()}
    residuals = {k[9:]: v for k, v in tensors.items() if k.startswith("residual.")}
    count = 1 + max(int(k.split(".")[0][6:]) for k in tensors if k.startswith("member"))
    return Ensemble(tuple(_member(tensors, m, cell) for m in range(count)), residuals)


def _member(tensors: dict[str, torch.Tensor], m: int, cell: int) -> CellNet:
    prefix = f"member{m}."
    own = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
    return _regression_of(own, cell)


def _regression_of(tensors: dict[str, torch.Tensor], cell: int) -> CellNet:
    net = CellNet(cell)
    net.load_state_dict(tensors)
    # Channels last: the layout in which convolutions on a CPU are fastest.
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return settled(net).eval().requires_grad_(False)


# By name: what loads each posterior for one size of cell.
LOADERS: dict[str, Callable[[int, str], Model]] = {
    XRAY: load_ensemble,
    FLOW: load_flow,
    LATENT: load_latent,
    VARIATIONAL: load_variational,
    DROPOUT: load_variational,
}
