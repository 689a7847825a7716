"""What an X-ray recipe has to solve: one measurement, one operator, the channels to report."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.measurement import Measurement
from workers.physics import CellModel, PoissonNoise, PsfModel, forward_model
from workers.readers.dispersion import variance_factor
from workers.run import RunError


@dataclass(frozen=True)
class Problem:
    """One measurement under one forward model: all channels, and which of them to report."""

    measurement: Measurement
    forward: CellModel | PsfModel
    factors: np.ndarray  # variance factor per channel, float32 (c,)
    shown: list[int]

    @property
    def y(self) -> Tensor:
        """Counts of the channels to report, `(e, h, w)`."""
        return torch.from_numpy(self.measurement.values[self.shown])

    @property
    def mask(self) -> Tensor:
        return torch.from_numpy(self.measurement.mask)

    @property
    def fine_mask(self) -> Tensor:
        """The mask on the grid of the estimate, `(H, W)`."""
        f = self.forward.factor
        return self.mask.repeat_interleave(f, dim=0).repeat_interleave(f, dim=1)

    @property
    def noise(self) -> PoissonNoise:
        """Noise of the channels to report."""
        return PoissonNoise(torch.from_numpy(self.factors[self.shown]))

    @property
    def asked(self) -> tuple[np.ndarray, np.ndarray, CellModel | PsfModel, PoissonNoise]:
        """What a posterior is asked about: values and mask of all channels, operator, noise."""
        noise = PoissonNoise(torch.from_numpy(self.factors))
        return self.measurement.values, self.measurement.mask, self.forward, noise

    @property
    def factor(self) -> int:
        return self.forward.factor

    @property
    def cell(self) -> int:
        """Side of the cells the networks see: a fine map is looked at in pairs of rows."""
        return max(self.factor, 2)

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.measurement.channels[i] for i in self.shown)


def problem_of(measurement: Measurement, parameters: dict[str, Any]) -> Problem:
    """The problem a run was asked to solve; RunError for a map no answer can be given for."""
    if measurement.units == "wt%":
        raise RunError(
            "This map is in wt%, where counting statistics no longer hold. Upload the raw counts; "
            "quantify the estimate afterwards."
        )
    values = measurement.values
    if not values[:, measurement.mask].any():
        raise RunError("No pixel of this map counted anything: there is nothing to estimate from.")
    factors = [variance_factor(channel, measurement.mask) for channel in values]
    return Problem(
        measurement,
        forward_model(parameters["sampling"], parameters["factor"]),
        np.asarray(factors, np.float32),
        [measurement.channels.index(element) for element in parameters["channels"]],
    )
