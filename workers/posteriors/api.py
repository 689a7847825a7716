"""An estimator in one call, for notebooks and benchmarks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from workers.physics import PoissonNoise, forward_model
from workers.posteriors.posterior import CellPosterior, Model
from workers.training.registry import load_ensemble, load_flow

Estimator = Literal["ensemble", "flow"]


@dataclass(frozen=True)
class Estimate:
    """float32 arrays in counts per measured dwell; `samples` is None when none were asked for."""

    mean: NDArray[np.float32]  # (c, H, W): what is shown
    std: NDArray[np.float32]  # (c, H, W): before the interval factors of the card
    samples: NDArray[np.float32] | None  # (k, c, H, W)


def posterior(
    values: NDArray[np.float32],
    factor: int,
    sampling: str,
    *,
    estimator: Estimator = "ensemble",
    strict: bool = False,
    variance_factor: NDArray[np.float32] | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> CellPosterior[Any]:
    """The posterior of measured counts; parameters and errors are those of `estimate`."""
    factors = np.ones(len(values), np.float32) if variance_factor is None else variance_factor
    asked = (
        values,
        np.ones(values.shape[1:], bool) if mask is None else mask,
        forward_model(sampling, factor),
        PoissonNoise(torch.from_numpy(factors)),
    )
    load: dict[Estimator, Callable[[int], Model]] = {"ensemble": load_ensemble, "flow": load_flow}
    return load[estimator](max(factor, 2)).posterior(*asked, strict=strict)


def estimate(
    values: NDArray[np.float32],
    factor: int,
    sampling: str,
    *,
    seed: int,
    estimator: Estimator = "ensemble",
    samples: int = 0,
    strict: bool = False,
    variance_factor: NDArray[np.float32] | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> Estimate:
    """Estimate and posterior samples of measured counts `values` (c, h, w).

    `sampling` is a forward model's name ("fine" with factor 1; "binned", "point", "line", "psf"
    with 2, 4 or 8), `estimator` the deep ensemble or the null-space flow,
    `variance_factor` (c,) defaults to 1, `mask` (h, w) to everything measured.
    Raises ValueError for a sampling that does not fit the factor, ModelError without weights.
    """
    made = posterior(
        values,
        factor,
        sampling,
        estimator=estimator,
        strict=strict,
        variance_factor=variance_factor,
        mask=mask,
    )
    generator = torch.Generator().manual_seed(seed)
    drawn = [sample.numpy() for sample in made.sample(samples, generator)]
    return Estimate(made.estimate.numpy(), made.std.numpy(), np.stack(drawn) if drawn else None)
