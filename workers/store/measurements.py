"""A measurement on disk: pictures `measured` (c, h, w), `mask` (h, w) and perhaps `guide`.

The guide (k·h, k·w) keeps its own pixels; the scales of the pictures say how it lies on the maps.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import zarr

from workers.measurement import Measurement, Problem
from workers.store.files import NewFolder, content_hash
from workers.store.images import write_image
from workers.store.places import Place
from workers.store.reading import KEY, SCHEMA_VERSION, ImageStore, plain

FACTS = ("units", "pixel_size_um", "dwell_ms", "current_na", "sampling", "content", "provenance")


class MeasurementStore(ImageStore):
    """A measurement opened for looking at parts of it; `read_measurement` loads it whole."""

    kind = "measurement"


def write_measurement(path: Path, m: Measurement) -> str:
    """Write `m` to the new folder `path`, whole or not at all; returns its content hash."""
    pictures = {"measured": m.values, "mask": m.mask}
    steps = dict.fromkeys(pictures, float(m.guide_factor or 1))
    if m.guide is not None:
        pictures["guide"], steps["guide"] = m.guide, 1.0
    finest_um = m.pixel_size_um and m.pixel_size_um / steps["measured"]
    attributes = {
        "kind": "measurement",
        "schema_version": SCHEMA_VERSION,
        "channels": m.channels,
        "images": tuple(pictures),
        "problems": [asdict(problem) for problem in m.problems],
        **{fact: getattr(m, fact) for fact in FACTS},
    }
    folder = NewFolder(path)
    with folder.writing():
        root = zarr.create_group(folder.partial, attributes={KEY: plain(attributes)})
        for name, values in pictures.items():
            write_image(root, name, values, step=steps[name], pixel_um=finest_um)
        digest = content_hash(folder.partial)
    folder.publish()
    return digest


def read_measurement(path: Place) -> Measurement:
    """The whole measurement at `path` (StoreError if there is none)."""
    store = MeasurementStore(path)
    # Stores of maps written before there were movies do not say what they hold.
    facts = {fact: store.attributes[fact] for fact in FACTS if fact in store.attributes}
    guide = np.asarray(store.image("guide")[:], np.float32) if store.has("guide") else None
    return Measurement(
        channels=store.channels,
        values=np.asarray(store.image("measured")[:], np.float32),
        mask=np.asarray(store.image("mask")[:], np.bool_),
        guide=guide,
        problems=tuple(Problem(**problem) for problem in store.attributes["problems"]),
        **facts,
    )
