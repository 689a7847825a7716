"""What the page of a scan or a rocking curve is told."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from fiducial.viewer import finders, stores

from . import conventions, frame_figures
from .models import Measurement


def context(measurement: Measurement) -> dict[str, Any]:
    """Figures, addresses and words of the newest revision (StoreError if it is gone)."""
    store = stores.of_measurement(measurement)
    scan = measurement.content == "scan"
    beside = frame_figures.places_figure if scan else frame_figures.rocking_figure
    first = reverse("measurements:frame", args=[measurement.pk, measurement.revision, 0])
    return {
        "config": {
            "figures": {"mean": frame_figures.mean_figure(store), "places": beside(store)},
            "frame": first.removesuffix("0/"),
            "plotly": static(finders.NAME),
        },
        "conventions": conventions.rows(measurement.summary),
        "last": measurement.summary["frames"] - 1,
    }
