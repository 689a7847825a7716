"""Our networks of calorimeter events, judged on the events of their rivals.

Figures of each factor carry `x4.` or `x2.`. The estimate is judged as a map and by its maxima, the
samples by their intervals (`coverage90.`), P(N) by its expected calibration error, all of it
together by TARP. `single_e` are electrons of 45 to 50 GeV of the full simulation, `single_e_gen`
generated ones of 50 GeV: energy of an event beside its true one, and that of the coarse cells.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from tests.benchmarks.calorimeter_events import FILES, EventSet, Figures
from workers.assessment.calorimeter import splits
from workers.assessment.calorimeter.imagined import (
    BRIGHT_MEV,
    Calibration,
    energy_near,
    imagined,
)
from workers.assessment.calorimeter.maxima import maxima
from workers.assessment.calorimeter.numbers import calibration_error
from workers.assessment.tarp import PATCH, tarp
from workers.events import Float
from workers.physics.calorimeter.geometry import PITCH_MM
from workers.posteriors.calorimeter.model import ShowerModel
from workers.recipes.event_rows import intervals
from workers.training.cards import CALORIMETER, card
from workers.training.registry import load_showers
from workers.training.shower_files import ShowerFile
from workers.training.shower_scenes import Generated, Simulated, Source
from workers.training.showers import ELECTRON

SAMPLES = 16  # as the recipe draws unless it is told otherwise
ELECTRONS, ELECTRONS_GEV = 1000, (45.0, 50.0)
Array = NDArray[np.float64]


def networks(events: EventSet, tuning: EventSet) -> Figures:
    """Every figure of the shipped networks at the factor of `events`; `tuning` sets thresholds."""
    factor = events.factor
    model = load_showers(factor)
    known = Calibration.from_card(card(CALORIMETER)["calibration"][f"x{factor}"])
    means = {}
    for which in (tuning, events):
        found = model.estimate(*_given(which))
        means[which] = found.mean.numpy()
    mean, number = means[events], found.number.double().numpy()
    tuned = maxima(means[tuning], PITCH_MM), tuning.particles
    samples = model.samples(*_given(events), SAMPLES, torch.Generator().manual_seed(3)).numpy()
    return (
        events.map_figures(mean)
        | events.particle_figures(maxima(mean, PITCH_MM), tuned)
        | _cells(events, mean, samples, known)
        | _particles(events, mean, samples, known)
        | _number(events, number)
        | _tarp(events, samples)
        | _electrons(model, factor)
    )


def _given(events: EventSet) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(events.energies), torch.from_numpy(events.kept)


def _cells(events: EventSet, mean: Float, samples: Float, known: Calibration) -> Figures:
    """Cells that are bright in the estimate: how many lie in their 90 % interval."""
    _, lower, upper = intervals(mean, samples, known)
    bright = mean >= BRIGHT_MEV[0]
    inside = (events.truth >= lower) & (events.truth <= upper) & bright
    axes = (1, 2, 3)
    return _share(events, "coverage90.cell", inside.sum(axes), bright.sum(axes))


def _particles(events: EventSet, mean: Float, samples: Float, known: Calibration) -> Figures:
    """Particles that were seen: how often the true energy around them lies in the interval."""
    seen = imagined(mean, samples, PITCH_MM, known.least_mev)
    true = energy_near(events.truth, seen.found, PITCH_MM)
    inside = np.abs(true - seen.mev) <= known.particle * np.maximum(seen.error, 1.0)
    whose, n = seen.found.event, len(events)
    return _share(
        events, "coverage90.particle", np.bincount(whose, inside, n), np.bincount(whose, None, n)
    )


def _share(events: EventSet, name: str, part: Array, whole: Array) -> Figures:
    return events.figure(name, lambda w: float((w * part).sum() / (w * whole).sum()))


def _number(events: EventSet, chances: Array) -> Figures:
    """P(N): is the most likely number right as often as its probability says?"""
    right = chances.argmax(axis=1) + 1 == events.particles.number()
    top = chances.max(axis=1)
    return events.figure("pn.ece", lambda w: calibration_error(top, right, w)) | events.figure(
        "pn.right", lambda w: float((w * right).sum() / w.sum())
    )


def _tarp(events: EventSet, samples: Float) -> Figures:
    """Distances from the bicubic division, over quarters of each layer that hold energy."""
    generator = torch.Generator().manual_seed(4)
    reference = splits.bicubic(events.energies, events.factor)
    found = np.zeros((len(events), 2))
    for i, drawn in enumerate(samples):
        shares = tarp(
            map(torch.from_numpy, drawn),
            torch.from_numpy(events.truth[i]),
            torch.from_numpy(reference[i]),
            generator,
        )
        rows = drawn.shape[-1] // PATCH
        quarters = events.truth[i].reshape(-1, rows, PATCH, rows, PATCH)
        bright = quarters.sum(axis=(2, 4)).ravel() > 0
        found[i] = shares[bright].sum(), bright.sum()
    return _share(events, "tarp_mean", found[:, 0], found[:, 1])


def _electrons(model: ShowerModel, factor: int) -> Figures:
    """Relative energy residuals of events of one electron, per cent."""
    file = ShowerFile.load(FILES / "showers_b.npz")
    sources: dict[str, Source] = {
        "single_e": Simulated(file, ELECTRONS_GEV, (ELECTRON,)),
        "single_e_gen": Generated((50.0, 50.0), (ELECTRON,)),
    }
    figures: Figures = {}
    for name, source in sources.items():
        events = EventSet.single(source, factor, ELECTRONS, seed=15)
        true = events.truth.sum(axis=(1, 2, 3), dtype=np.float64)
        estimates = {"": model.estimate(*_given(events)).mean.numpy(), "coarse_": events.energies}
        for of, maps in estimates.items():
            off = 100 * (maps.sum(axis=(1, 2, 3), dtype=np.float64) / true - 1)
            for moment, function in (("mean", _mean), ("sigma", _sigma)):
                key = f"{name}.{of}energy_residual_{moment}_pct"
                figures |= events.figure(key, lambda w, of=function, off=off: of(off, w))
    return figures


def _mean(values: Array, weights: Array) -> float:
    return float((weights * values).sum() / weights.sum())


def _sigma(values: Array, weights: Array) -> float:
    return _mean((values - _mean(values, weights)) ** 2, weights) ** 0.5
