"""What the canvas on a measurement's page is told: pictures, scales and addresses."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from fiducial.viewer import finders, scales, stores
from fiducial.viewer.page import picture, tile_address
from workers.store import MeasurementStore

from . import frames, queries
from .models import Measurement


def config(measurement: Measurement) -> dict[str, Any]:
    """The newest revision for `templates/static/js/measurement.js` (StoreError if it is gone)."""
    store = stores.of_measurement(measurement)
    key, revision = str(measurement.pk), measurement.revision
    pictures = [
        {
            "name": element,
            "image": "measured",
            "channel": channel,
            **_range(store, measurement.summary["per_channel"][element], channel),
            "thumbnail": _thumbnail(key, revision, "measured", channel),
            "histogram": reverse("measurements:histogram", args=[key, revision, channel]),
        }
        for channel, element in enumerate(queries.shown_channels(measurement))
    ]
    if store.has("guide"):
        low, high = scales.counts_range(scales.overview(store, "guide"))
        pictures.append(
            {
                "name": "electron image",
                "image": "guide",
                "channel": 0,
                "low": low,
                "high": high,
                "thumbnail": _thumbnail(key, revision, "guide", 0),
            }
        )
    return {
        "tile": tile_address("viewer:measurement-tile", key, f"r{revision}"),
        "shape": store.image("measured").shape[-2:],
        "images": {name: picture(store, name) for name in {one["image"] for one in pictures}},
        "pixelUm": measurement.summary["pixel_size_um"],
        "units": measurement.summary["units"],
        "pictures": pictures,
        "plotly": static(finders.NAME),
    }


def _range(store: MeasurementStore, read: dict[str, float], channel: int) -> dict[str, float]:
    """Where the colours of a picture begin and end."""
    if not frames.is_movie(store):
        return {"low": 0.0, "high": max(read["p999"], 1e-6)}
    low, high = frames.span(frames.coarsest(store, "measured", channel))
    return {"low": low, "high": high}


def _thumbnail(key: str, revision: int, image: str, channel: int) -> str:
    return reverse("measurements:thumbnail", args=[key, revision, image, channel])
