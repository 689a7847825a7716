"""Two instruments the house does not ship, to hold the contract to more than linear maps."""

from typing import ClassVar

import torch
from torch import Tensor

from workers.physics import ForwardModel, LinearForwardModel, NoiseModel
from workers.physics.base import observation


class Diffraction(ForwardModel):
    """|F(probe · x)|²: a complex object seen through the intensity of its diffraction frame."""

    name = "toy-diffraction"

    def __init__(self, size: int) -> None:
        place = torch.linspace(-1, 1, size, dtype=torch.float64)
        self.probe = torch.exp(-(place[:, None] ** 2 + place[None, :] ** 2)) + 0.2

    def expected(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(self.probe * x, norm="ortho").abs().square()

    def consistency(
        self,
        x: Tensor,
        y: Tensor,
        noise: NoiseModel,
        mask: Tensor | None = None,
        strict: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Amplitudes move towards the square root of the frame, phases stay."""
        wave = torch.fft.fft2(self.probe * x, norm="ortho")
        mean = wave.abs().square()
        gain = self.gain(mean, y, noise, mask, of_sample=generator is not None)
        if strict:
            gain = torch.ones_like(gain)
        if mask is not None:
            gain = gain * mask
        seen = observation(mean, y, noise, None if strict else generator)
        moved = torch.lerp(wave.abs(), seen.sqrt(), gain.expand_as(mean))
        wave = moved * torch.exp(1j * wave.angle())
        return torch.fft.ifft2(wave, norm="ortho") / self.probe


class FiveCells(LinearForwardModel):
    """Five fine cells on a graph, summed into the two coarse cells that are their parents."""

    name = "toy-graph"
    site_dims: ClassVar[int] = 1
    parents = torch.tensor([0, 0, 1, 1, 1])

    def __init__(self) -> None:
        self.matrix = torch.nn.functional.one_hot(self.parents).T.double()

    def expected(self, x: Tensor) -> Tensor:
        return x @ self.matrix.to(x).T

    def adjoint(self, y: Tensor) -> Tensor:
        return y @ self.matrix.to(y)

    def pseudo_inverse(self, y: Tensor, mask: Tensor | None = None) -> Tensor:
        y = y if mask is None else y * mask.to(y.dtype)
        return self.adjoint(y / self.matrix.sum(dim=1).to(y))
