"""A measurement on disk; of maps, pictures `measured` (c, h, w), `mask` (h, w), perhaps `guide`.

The guide (k·h, k·w) keeps its own pixels; the scales of the pictures say how it lies on the maps.
What scans and volumes are on disk stands in `arrays`, events in `event_tables`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
import zarr

from workers.events import Events
from workers.measured import Measured
from workers.measurement import Measurement, Problem
from workers.scan import DiffractionScan
from workers.store import arrays, event_tables, opening
from workers.store.files import NewFolder, StoreError, content_hash
from workers.store.images import write_image
from workers.store.places import Place
from workers.store.reading import KEY, SCHEMA_VERSION, ImageStore, plain
from workers.volume import Volume

FACTS = ("units", "pixel_size_um", "dwell_ms", "current_na", "sampling", "content", "provenance")
KINDS: Mapping[str, type] = {
    "maps": Measurement,
    "movie": Measurement,
    "scan": DiffractionScan,
    "volume": Volume,
    "events": Events,
}
WORDS: Mapping[type, str] = {
    Measurement: "maps or the frames of a movie",
    DiffractionScan: "scanned diffraction frames",
    Volume: "the frames of a rocking curve",
    Events: "calorimeter events",
}

M = TypeVar("M", Measurement, DiffractionScan, Volume, Events)


class MeasurementStore(ImageStore):
    """A measurement opened for looking at parts of it; `read_measurement` loads it whole."""

    kind = "measurement"

    def array(self, name: str) -> zarr.Array[Any]:
        """An array of a scan or a volume (StoreError if there is none of that name)."""
        if name not in self.attributes.get("arrays", ()):
            raise StoreError(f"There is no array named {name} in {self.path.name}.")
        return opening.array(self.path / name)


def write_measurement(path: Path, m: Measured) -> str:
    """Write `m` to the new folder `path`, whole or not at all; returns its content hash."""
    folder = NewFolder(path)
    with folder.writing():
        root = zarr.create_group(folder.partial)
        pictures, facts = _write_maps(root, m) if isinstance(m, Measurement) else _write(root, m)
        attributes = {
            "kind": "measurement",
            "schema_version": SCHEMA_VERSION,
            "channels": m.channels if isinstance(m, Measurement) else (),
            "images": pictures,
            "problems": [asdict(problem) for problem in m.problems],
            **facts,
        }
        root.attrs[KEY] = plain(attributes)
        digest = content_hash(folder.partial)
    folder.publish()
    return digest


def _write_maps(root: zarr.Group, m: Measurement) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Names of the pictures written, and the facts to keep."""
    pictures = {"measured": m.values, "mask": m.mask}
    steps = dict.fromkeys(pictures, float(m.guide_factor or 1))
    if m.guide is not None:
        pictures["guide"], steps["guide"] = m.guide, 1.0
    finest_um = m.pixel_size_um and m.pixel_size_um / steps["measured"]
    for name, values in pictures.items():
        write_image(root, name, values, step=steps[name], pixel_um=finest_um)
    return tuple(pictures), {fact: getattr(m, fact) for fact in FACTS}


def _write(
    root: zarr.Group, m: DiffractionScan | Volume | Events
) -> tuple[tuple[str, ...], dict[str, Any]]:
    if isinstance(m, Events):
        written = event_tables.write_tables(root, m)
        facts = {"frame": m.geometry.frame, "provenance": m.provenance}
        return (), {"arrays": written, "content": m.content, **facts}
    written = arrays.write_arrays(root, m)
    write_image(root, "mean", arrays.mean_frame(m), step=1.0, pixel_um=None)
    facts = {fact: getattr(m, fact) for fact in arrays.FACTS[type(m)]}
    return ("mean",), {"arrays": written, "content": m.content, **facts}


@overload
def read_measurement(path: Place) -> Measured: ...
@overload
def read_measurement(path: Place, kind: type[M]) -> M: ...
def read_measurement(path: Place, kind: type[Any] | None = None) -> Measured:
    """The whole measurement at `path` (StoreError if there is none, or not one of that kind)."""
    store = MeasurementStore(path)
    found = KINDS.get(store.attributes.get("content", "maps"))
    if found is None:
        raise StoreError(f"{path.name} holds a measurement of a kind that is not known here.")
    if kind is not None and found is not kind:
        held, wanted = (WORDS[one] for one in (found, kind))
        raise StoreError(f"The measurement {path.name} holds {held}, where {wanted} are needed.")
    if found is Measurement:
        return _read_maps(store)
    if found is Events:
        return event_tables.read_tables(path, store.attributes)
    return arrays.read_arrays(path, found, store.attributes)


def _read_maps(store: MeasurementStore) -> Measurement:
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
