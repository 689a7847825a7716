"""The first events, their particles counted in four ways: a number that depends on the way is not
measured.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.assessment.calorimeter.flowhead import reconstructed
from workers.assessment.calorimeter.template import Template
from workers.assessment.calorimeter.template_fit import TemplateFit
from workers.events import Events, Float
from workers.recipes.calorimeter import COUNTED, LAYERS
from workers.recipes.event_planes import Plane
from workers.recipes.event_rows import Columns
from workers.recipes.event_sums import MOST
from workers.training.registry import load_particles

# χ² that a particle of the fit must earn, as `make benchmark-calorimeter` chose it on showers_a.
PENALTY = {4: 10.0, 2: 20.0}
WAYS = {
    "likely": "P(N) of the network: the likeliest",
    "maxima": "Hills of the prediction (local maxima)",
    "fit": "Mean showers fitted to the measured cells",
    "head": "The learned reconstruction, of all samples",
}
# How often each is right on simulated showers: `make benchmark-calorimeter`, showers_b.
RIGHT = {
    4: {"likely": 0.734, "maxima": 0.506, "fit": 0.582, "head": 0.693},
    2: {"likely": 0.888, "maxima": 0.647, "fit": 0.764, "head": 0.802},
}
template = cache(Template.generated)


def counted(events: Events, plane: Plane, first: Mapping[str, Columns]) -> Columns:
    """How many particles each way of WAYS finds in the first events, int8 `(counted,)` each.

    `first` are the tables of the first batch, as `event_rows.tables` makes them.
    """
    count = min(len(events), COUNTED)
    energies, _ = plane.energies(events, slice(0, count))
    of_events = first["events"]
    chances = np.stack([of_events[f"p{n + 1}"][:count] for n in range(MOST)])
    found = {
        "likely": chances.argmax(axis=0) + 1,
        "maxima": np.bincount(first["particles"]["event"], minlength=count)[:count],
        "fit": _fitted(events, plane, energies),
        "head": _reconstructed(plane, first, count),
    }
    return {name: np.asarray(values, np.int8) for name, values in found.items()}


def summed_up(counts: Columns, factor: int) -> dict[str, Any]:
    """For the summary: of each way how many events have 0, 1, … and more than MOST particles, and
    how often it is right at this factor where the truth is known.
    """
    most = MOST + 1
    ways = [
        {
            "name": said,
            "right": RIGHT[factor][way],
            "numbers": np.bincount(counts[way].clip(max=most), minlength=most + 1).tolist(),
        }
        for way, said in WAYS.items()
    ]
    alike = np.ptp(np.stack([counts[way] for way in WAYS]), axis=0) == 0
    return {"events": len(alike), "alike": int(alike.sum()), "ways": ways}


def _fitted(events: Events, plane: Plane, energies: Float) -> NDArray[np.int64]:
    geometry = events.geometry
    sigma = tuple(
        float(np.median(geometry.sigma[geometry.coarse.layer == layer])) for layer in range(LAYERS)
    )
    fitter = TemplateFit(template(), plane.rows, plane.pitch_mm * plane.factor, sigma)
    fits = (
        fitter.particles(event, PENALTY[plane.factor]).places if event.max() > 0 else ()
        for event in energies
    )
    return np.array([len(places) for places in fits])


def _reconstructed(plane: Plane, first: Mapping[str, Columns], count: int) -> NDArray[np.int64]:
    """The number that is likeliest over all samples of an event; 0 where they hold nothing."""
    cells, samples = first["cells"], first["samples"]
    mine = cells["event"] < count
    net, fine = load_particles(), len(plane.fine)
    chances, energy = np.zeros((count, MOST)), np.zeros(count)
    for values in samples.values():
        dense = np.zeros((count, fine), np.float32)
        dense[cells["event"][mine], cells["cell"][mine]] = values[mine]
        chances += reconstructed(net, plane.maps(dense), plane.pitch_mm).chances
        energy += dense.sum(axis=1)
    return np.where(energy > 0, chances.argmax(axis=1) + 1, 0)
