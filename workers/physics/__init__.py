"""Forward models, noise models and the consistency layer.

`forward_model(name, factor)` builds the model of one way of sampling a map:

| name     | a measured value is                                                  |
|----------|----------------------------------------------------------------------|
| "fine"   | the pixel itself (factor 1)                                          |
| "binned" | the mean of an f × f block                                           |
| "point"  | the first pixel of each f × f cell                                   |
| "line"   | the mean along x over the first row of each cell                     |
| "psf"    | a Gaussian beam at the centre of each cell (option `sigma_px`)       |
"""

from workers.physics.base import ForwardModel, LinearForwardModel
from workers.physics.cells import CELLS, CellModel
from workers.physics.noise import GaussianNoise, NoiseModel, PoissonNoise
from workers.physics.operator_check import OperatorCheck, operator_check
from workers.physics.psf import PsfModel

NAMES = (*CELLS, "psf")


def forward_model(name: str, factor: int, *, sigma_px: float | None = None) -> CellModel | PsfModel:
    """The forward model called `name` at this factor (see the table above).

    `sigma_px` is the beam's sigma in fine pixels, for "psf" only. Raises ValueError with a
    sentence for an unknown name or a factor that does not fit.
    """
    if name == "psf":
        return PsfModel(factor, sigma_px)
    if name not in CELLS:
        raise ValueError(f'There is no forward model "{name}": choose one of {", ".join(NAMES)}.')
    if sigma_px is not None:
        raise ValueError(f'"{name}" sampling has no beam width: sigma_px belongs to "psf".')
    return CellModel(name, factor)


__all__ = [
    "NAMES",
    "CellModel",
    "ForwardModel",
    "GaussianNoise",
    "LinearForwardModel",
    "NoiseModel",
    "OperatorCheck",
    "PoissonNoise",
    "PsfModel",
    "forward_model",
    "operator_check",
]
