"""Every instrument the contract is held to, with a truth that fits it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.physics.toys import Diffraction, FiveCells
from workers.physics import ForwardModel, forward_model
from workers.physics.calorimeter import CellSum


@dataclass(frozen=True)
class Instrument:
    model: ForwardModel
    truth: Callable[[torch.Generator], Tensor]  # several maps of it, float64
    name: str


def _map(height: int, width: int) -> Callable[[torch.Generator], Tensor]:
    def truth(generator: torch.Generator) -> Tensor:
        return 20 + 60 * torch.rand(4, 3, height, width, generator=generator).double()

    return truth


def _object(generator: torch.Generator) -> Tensor:
    real, imaginary = torch.randn(2, 4, 3, 12, 12, generator=generator).double()
    return 8 * torch.complex(real, imaginary)


def _graph(generator: torch.Generator) -> Tensor:
    return 20 + 60 * torch.rand(200, 5, generator=generator).double()


def _cells(generator: torch.Generator) -> Tensor:
    return 20 + 60 * torch.rand(200, len(PARENTS), generator=generator).double()


SAMPLINGS = [("fine", 1)] + [(n, f) for n in ("binned", "point", "line", "psf") for f in (2, 3, 4)]
LINEAR = [Instrument(forward_model(n, f), _map(12 * f, 7 * f), f"{n}-x{f}") for n, f in SAMPLINGS]
GRAPH = Instrument(FiveCells(), _graph, "graph")
PARENTS = torch.tensor([2, 0, 1, 1, 0, 2, 0, 3])  # irregular, in no order
CALORIMETER = Instrument(CellSum(PARENTS, 4), _cells, "calorimeter")
FRAMES = Instrument(Diffraction(12), _object, "diffraction")
EVERY = [*LINEAR, GRAPH, CALORIMETER, FRAMES]
