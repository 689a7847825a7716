"""How much of an event its coarse cells fix at all, whatever looks at them.

Figures carry `limit.`: the mean of a posterior over particles that knows the physics of the
showers, but nothing that was learned (`particle_posterior`), and its halves with our estimate
(`limit.both`). Two such different ways that err alike say that the cells hold no more.
"""

import numpy as np
import torch

from tests.benchmarks.calorimeter_events import EventSet, Figures
from tests.benchmarks.particle_posterior import (
    CROP,
    NUMBERS,
    Events,
    Proposal,
    Shapes,
    mean_map,
    sampled,
)
from workers.assessment.calorimeter.maxima import maxima
from workers.assessment.calorimeter.template import Template
from workers.events import Float
from workers.physics.calorimeter.geometry import PITCH_MM, ROWS
from workers.training.registry import load_showers

SAMPLES = 256  # of each number of particles: fewer leave an error of their own
BATCH = 20  # events at once


def limit(events: EventSet, tuning: EventSet, template: Template) -> Figures:
    """Every figure of both maps; `tuning` sets thresholds."""
    shapes = Shapes.of(template, events.factor)
    figures: Figures = {}
    maps = {which: _both(which, shapes) for which in (tuning, events)}
    for at, name in enumerate(("limit", "limit.both", "limit.estimate")):
        tuned = maxima(maps[tuning][at], PITCH_MM), tuning.particles
        found = events.map_figures(maps[events][at])
        found |= events.particle_figures(maxima(maps[events][at], PITCH_MM), tuned)
        figures |= {f"{name}.{key}": value for key, value in found.items()}
    return figures


def _both(events: EventSet, shapes: Shapes) -> tuple[Float, Float, Float]:
    """The posterior's mean, that and our estimate in halves, and the estimate on these events."""
    model = load_showers(events.factor)
    given = torch.from_numpy(events.energies), torch.from_numpy(events.kept)
    ours = model.estimate(*given).mean.numpy()
    parts = [slice(at, at + BATCH) for at in range(0, len(events), BATCH)]
    found = np.concatenate([_mean(events, part, ours[part], shapes) for part in parts])
    return found, (found + ours) / 2, ours


@torch.inference_mode()
def _mean(events: EventSet, part: slice, ours: Float, shapes: Shapes) -> Float:
    """The mean over numbers and places of particles, `(b, layers, R, R)` MeV."""
    edge = (ROWS - CROP) // 2
    coarse = (part, slice(None), *(slice(edge // events.factor, -(edge // events.factor)),) * 2)
    energies, kept = events.energies[coarse], events.kept[coarse]
    cells, proposal = Events(shapes, energies, kept), Proposal(shapes, ours)
    generator = torch.Generator().manual_seed(part.start)
    maps, evidence = [], []
    for number in NUMBERS:
        places, log = sampled(cells, proposal, number, SAMPLES, generator)
        maps.append(mean_map(cells, places, energies, events.factor))
        evidence.append(log)
    chance = torch.stack(evidence).softmax(dim=0).numpy()
    whole = np.zeros_like(ours)
    whole[..., edge:-edge, edge:-edge] = np.einsum("nb,nblij->blij", chance, np.stack(maps))
    return whole
