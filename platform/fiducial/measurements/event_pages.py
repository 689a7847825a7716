"""What the page of calorimeter events is told."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from fiducial.viewer import finders, stores

from . import event_figures
from .models import Measurement

PLACES = {
    "plane": "x and y in mm",
    "eta-phi": "η and φ (rad)",
    "polar": "radius (mm) and angle (rad)",
}


def context(measurement: Measurement) -> dict[str, Any]:
    """Figures, addresses and words of the newest revision (StoreError if it is gone)."""
    store = stores.of_measurement(measurement)
    summary = measurement.summary
    first = event_figures.event(store, None)
    return {
        "config": {
            "first": first,
            "figures": {"energies": event_figures.energies(store)},
            "event": reverse("measurements:event", args=[measurement.pk, measurement.revision]),
            "plotly": static(finders.NAME),
        },
        "first": first,
        "places": PLACES[summary["frame"]],
        "factor": round(summary["fine_cells"] / summary["cells"], 1),
    }
