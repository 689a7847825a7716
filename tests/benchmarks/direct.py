"""Direct conditional diffusion at ×4 (SR3, Saharia 2021), a rival of the null-space flow.

The fine pixels themselves are drawn from noise, given the interpolated map and its counting error:
no regression to start from, no whitening, no split into what was measured and what was not. It has
everything else of the null-space flow: the same two networks (here trained as one, from nothing),
pixels on the grid of cells, elements together, the same path and noise, the same consistency layer
at the end. What is shown as the estimate, and its spread, are the shipped regression's.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from workers.networks.cellnet import CellNet
from workers.networks.flownet import FlowNet
from workers.posteriors.cells import Cells, see
from workers.posteriors.flow import FlowModel, white_noise
from workers.posteriors.latent import fine_scale
from workers.posteriors.posterior import CellPosterior, Model, Prediction, Progress
from workers.training.registry import load_flow

CELL = 4
WEIGHTS = Path(__file__).parent / "direct.safetensors"
CARD = WEIGHTS.with_suffix(".json")


class DirectNet(nn.Module):
    """An encoder of the map and the network that moves noise to pixels; both see every element."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.flow = CellNet(CELL), FlowNet(CELL)

    def given(self, cells: Cells) -> Tensor:
        """What conditions the flow, `(b, e, ·, h, w)`; the encoder's heads are features as well."""
        seen = see(self.encoder, cells)
        return self.flow.condition(seen.features, seen.mean, seen.log_sigma)


def to_cells(image: Tensor, scale: Tensor) -> Tensor:
    """Pixels over twice the local scale, centred, by cell: `(n, H, W) -> (n, 16, h, w)`."""
    return F.pixel_unshuffle((2 * image / scale - 1)[:, None], CELL)


def from_cells(cells: Tensor, scale: Tensor) -> Tensor:
    """The image `(n, H, W)` whose `to_cells` is `(n, 16, h, w)`."""
    return 0.5 * (F.pixel_shuffle(cells, CELL)[:, 0] + 1) * scale


@dataclass(frozen=True)
class DirectModel(Model):
    """The shipped model, for its regression only, and the one that draws pixels.

    `settled`: whether samples pass the consistency layer, or are judged as they were drawn.
    """

    shipped: FlowModel
    direct: FlowModel
    settled: bool = True

    @property
    def kind(self) -> type["DirectPosterior"]:
        return DirectPosterior


class DirectPosterior(CellPosterior[DirectModel]):
    """What `DirectModel.posterior` gives, for cell operators of factor 4."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        prediction, _ = self.model.shipped.predict(y, self.forward, variance_factor, progress)
        _, self.given = self.model.direct.predict(y, self.forward, variance_factor)
        self.scale = fine_scale(y, self.forward.factor)
        return prediction

    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """`count` posterior samples `(e, H, W)`, counts."""
        for k in range(count):
            drawn = self.model.direct.draw(self.given, generator.initial_seed(), k)
            image = from_cells(drawn, self.scale)
            yield self._settle(image, generator) if self.model.settled else image.clamp(min=0)

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        """Independent coefficients: samples do not use them, the regression's spread does."""
        e, n, h, w = self.prediction.mean.shape[1:]
        return white_noise(generator.initial_seed(), k, (e, n, h, w))


@lru_cache(maxsize=1)
def load_direct() -> DirectModel:
    """The committed weights with the steps of their card. Raises ValueError if they are others."""
    card = json.loads(CARD.read_text())
    if hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() != card["sha256"]:
        raise ValueError(f"{WEIGHTS.name} is not the file that {CARD.name} describes.")
    return direct_model(WEIGHTS, card["steps"])


def direct_model(file: Path, steps: int, settled: bool = True) -> DirectModel:
    """The model of one weights file, whatever any card says of it."""
    net = DirectNet()
    net.load_state_dict({k: v.float() for k, v in load_file(file).items()})
    net.to(memory_format=torch.channels_last)
    net.eval().requires_grad_(False)
    return DirectModel(load_flow(CELL), FlowModel(net.encoder, net.flow, steps), settled)
