"""One learned reconstruction applied alike to every kind of map, beside local maxima.

Figures carry `flowhead.<input>.`: the head counts, places and weighs particles on the true map,
coarse cells divided evenly and by bicubic interpolation, the map of the template fit, our estimate
and one of our samples, at the granularity of fine cells. It has no threshold, so nothing is tuned.
`flowhead.samples` is P(N) averaged over all samples of an event. It was taught on true, blurred,
even and bicubic maps: those it knows, and the maps of a fit or a network it never saw.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from tests.benchmarks.calorimeter_events import EventSet, Figures
from workers.assessment.calorimeter import splits
from workers.assessment.calorimeter.flowhead import reconstructed
from workers.assessment.calorimeter.numbers import calibration_error
from workers.events import Float
from workers.physics.calorimeter.geometry import PITCH_MM
from workers.training.registry import load_particles, load_showers

SAMPLES = 16  # as the recipe draws unless it is told otherwise


def heads(events: EventSet, template_fit: Float) -> Figures:
    """Figures of the head on every map of `events`; `template_fit` is the map of the fit."""
    net, factor = load_particles(), events.factor
    model = load_showers(factor)
    given = torch.from_numpy(events.energies), torch.from_numpy(events.kept)
    drawn = model.samples(*given, SAMPLES, torch.Generator().manual_seed(3)).numpy()
    maps = {
        "truth": events.truth,
        "uniform": splits.uniform(events.energies, factor),
        "bicubic": splits.bicubic(events.energies, factor),
        "template_fit": template_fit,
        "estimate": model.estimate(*given).mean.numpy(),
        "sample": drawn[:, 0],
    }
    figures: Figures = {}
    for name, of_map in maps.items():
        found = reconstructed(net, of_map, PITCH_MM)
        more = events.figures_of(found.found) | _numbers(events, found.chances)
        figures |= {f"flowhead.{name}.{key}": value for key, value in more.items()}
    chances = np.mean([reconstructed(net, each, PITCH_MM).chances for each in _each(drawn)], axis=0)
    over = _numbers(events, chances)
    return figures | {f"flowhead.samples.{key}": value for key, value in over.items()}


def _each(drawn: Float) -> Iterator[Float]:
    yield from np.moveaxis(drawn, 1, 0)


def _numbers(events: EventSet, chances: NDArray[np.float64]) -> Figures:
    """How often the likeliest number is right, and whether it is as often as P(N) says."""
    right = chances.argmax(axis=1) + 1 == events.particles.number()
    top = chances.max(axis=1)
    return events.figure(
        "count_correct", lambda w: float((w * right).sum() / w.sum())
    ) | events.figure("pn_ece", lambda w: calibration_error(top, right, w))
