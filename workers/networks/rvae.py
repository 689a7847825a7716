"""A variational autoencoder of structural units whose pose is a variable of its own.

A patch is a canonical image of few latents and a class, turned, moved and seen with noise:

    x = T(θ, s) · decode(z, k) + σ ε,    z ~ N(0, 1), s ~ N(0, 1 pixel), θ uniform on the circle.

The angle is θ_b + δ: a bin b, which is enumerated, and a small offset. The encoder sees the patch
turned back by every θ_b and says, for each, how well that and each class fit, and what z, δ and s
then are; one encoder serves all bins, as turning a patch only moves it from one bin to another.
Enumeration is what finds angles on the full circle, where one Normal has no way across ±180°
(Bepler et al. 2019; Nasiri & Bepler 2022). The canonical image is moved by grid sampling instead of
being decoded pixel by pixel.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers.physics.pose import circle, posed

HIDDEN = 128
MARGIN = 3  # pixels of the canonical image beyond the patch on every side
POSE = 3  # δ, then s as x and y


@dataclass(frozen=True)
class Shape:
    """Sizes of a model: side of a patch in pixels, latents, classes, bins of the angle."""

    side: int
    latents: int = 3
    classes: int = 1
    bins: int = 12

    @property
    def canvas(self) -> int:
        """Side of the canonical image, pixels."""
        return self.side + 2 * MARGIN


@dataclass(frozen=True)
class Encoded:
    """What the encoder says of patches for every bin.

    logits : (n, b, k), of bin and class together; mean, log_var : (n, b, latents + 3), of z, then δ
    in half widths of a bin, then s in pixels.
    """

    logits: Tensor
    mean: Tensor
    log_var: Tensor


class RVAE(nn.Module):
    """Encoder, decoder and noise of the units of one measurement."""

    inside: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("inside", circle(shape.side).flatten())
        self.continuous = shape.latents + POSE
        pixels = int(self.inside.sum())
        self.encoder = _perceptron(pixels, shape.classes + 2 * self.continuous)
        self.decoder = _perceptron(shape.latents + shape.classes, shape.canvas**2)
        self.log_noise = nn.Parameter(torch.tensor(math.log(0.2)))
        self.class_logits = nn.Parameter(torch.zeros(shape.classes))

    @property
    def angles(self) -> Tensor:
        """The middles of the bins, radians `(b,)`."""
        return torch.arange(self.shape.bins) * (2 * math.pi / self.shape.bins)

    def pose(self, b: Tensor, values: Tensor) -> Tensor:
        """Poses `(n, 3)` of bins (n,) and continuous values (n, latents + 3)."""
        delta, x, y = values[:, self.shape.latents :].unbind(1)
        return torch.stack([self.angles[b] + delta * (math.pi / self.shape.bins), x, y], dim=1)

    def encode(self, copies: Tensor) -> Encoded:
        """From patches turned back by every bin, their pixels in the circle: `(n, b, pixels)`."""
        k, each = self.shape.classes, self.continuous
        logits, mean, log_var = self.encoder(copies).split([k, each, each], dim=2)
        # No wider than priors, nor thinner than any patch could tell.
        return Encoded(logits, mean, log_var.clamp(-12, 1))

    def decode(self, z: Tensor, label: Tensor) -> Tensor:
        """Canonical images `(n, c, c)` of latents (n, latents) and classes (n,) int64."""
        kind = F.one_hot(label, self.shape.classes).to(z.dtype)
        flat: Tensor = self.decoder(torch.cat([z, kind], dim=1))
        return flat.view(-1, self.shape.canvas, self.shape.canvas)

    def image(self, z: Tensor, label: Tensor, pose: Tensor) -> Tensor:
        """What patches look like without noise: `(n, pixels in the circle)`."""
        seen = posed(self.decode(z, label), pose, self.shape.side)
        return seen.flatten(1)[:, self.inside]


def _perceptron(given: int, wanted: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(given, HIDDEN),
        nn.LeakyReLU(0.1),
        nn.Linear(HIDDEN, HIDDEN),
        nn.LeakyReLU(0.1),
        nn.Linear(HIDDEN, wanted),
    )
