"""The page of a run on a rocking curve: the crystal, what its starts share, how they went."""

from typing import Any

import numpy as np
from django.templatetags.static import static

from fiducial.runs.models import Run
from workers.store import RunStore

from . import crystal_figures, finders, stores
from .page import facts

RECIPE = "bragg"


def of_run(run: Run) -> dict[str, Any]:
    """The context of `viewer/crystal.html`."""
    store = stores.of_run(run)
    return {
        "run": run,
        "summary": store.summary,
        "best": min(store.summary["misfit"]["squared"]),
        "starts": len(store.summary["misfit"]["squared"]),
        "period": period(store.summary),
        "surface": crystal_figures.SURFACE,
        "share": float(np.mean(crystal_figures.there(store))),
        "parameters": facts(store.provenance),
        "config": {
            "figures": {
                **{name: crystal_figures.slices(store, name) for name in crystal_figures.PICTURES},
                "course": crystal_figures.course(store),
                "transfer": crystal_figures.transfer(store),
            },
            "plotly": static(finders.NAME),
        },
    }


def period(summary: dict[str, Any]) -> str:
    """The finest period that all starts share, in words; empty where there is none."""
    found = summary["agreement"]["period_px"]
    return f"{found:.1f} voxels" if found else ""


def differs(store: RunStore) -> float:
    """How far starts are from the best one within the crystal, over its largest, root mean square.

    NaN where there is no crystal.
    """
    inside = crystal_figures.there(store)
    differ = np.asarray(store.image("differ")[:], np.float64)[inside]
    return float(np.sqrt((differ**2).mean())) if differ.size else float("nan")
