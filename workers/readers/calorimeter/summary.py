"""What a page needs to know of events without opening them."""

from typing import Any

import numpy as np

from workers.events import Events


def of(events: Events) -> dict[str, Any]:
    """What is peculiar to events in the `summary` of docs/contracts.md §1; plain for JSON."""
    geometry = events.geometry
    kept = np.diff(events.offsets)
    total = np.bincount(events.of_cells(), events.energy, len(events))
    return {
        "content": events.content,
        "shape": [len(events), len(geometry.coarse)],
        "units": "MeV",
        "pixel_size_um": None,
        "events": len(events),
        "cells": len(geometry.coarse),
        "fine_cells": len(geometry.fine),
        "frame": geometry.frame,
        "has_truth": events.truth is not None,
        "kept": {
            "median": float(np.median(kept)),
            "least": int(kept.min()),
            "most": int(kept.max()),
        },
        "energy_mev": {
            "median": _short(float(np.median(total))),
            "most": _short(float(total.max())),
        },
        "layers": [_of_layer(events, layer) for layer in np.unique(geometry.coarse.layer)],
    }


def _of_layer(events: Events, layer: int) -> dict[str, float]:
    """Cells, the median noise (MeV), and the share of all energy in this layer."""
    mine = events.geometry.coarse.layer == layer
    energy = events.energy[mine[events.cell]].sum(dtype=np.float64)
    return {
        "layer": int(layer),
        "cells": int(mine.sum()),
        "sigma_mev": _short(float(np.median(events.geometry.sigma[mine]))),
        "energy_share": round(float(energy / events.energy.sum(dtype=np.float64)), 4),
    }


def _short(value: float) -> float:
    return float(f"{value:.7g}")
