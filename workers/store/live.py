"""A scan while its frames arrive: a Zarr group that only ever gains whole arrays.

Beside `plan` and `probe`, where they are known ahead, there is one array for each delivery, "0",
"1", …: frames `(n, s, s)` as they were sent, with their numbers (`index`) and places in its
attributes. An array appears under its name when it is whole and never changes then, so that who
looks while frames arrive sees whole deliveries only.
"""

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from workers.store.files import NewFolder, StoreError
from workers.store.reading import KEY, SCHEMA_VERSION, plain

KIND = "live"
ENDED = "ended.json"


@dataclass(frozen=True)
class Optics:
    """What a detector sends and how it stands, said when the scan is opened.

    `type` and `side` (pixels) of a frame, which is square; `zero`: where zero frequency lies.
    Places are (row, column) in `position_unit`; `axes` and `turned_deg` as a person corrects them
    for any scan. The side of an object pixel is `pixel_nm`, or follows from the others (far field).
    """

    side: int
    type: Literal["uint8", "uint16", "uint32", "float32"] = "uint16"
    zero: Literal["corner", "middle"] = "middle"
    position_unit: Literal["px", "m", "um", "nm"] = "px"
    axes: Literal["stated", "swapped", "rows", "columns"] = "stated"
    turned_deg: float = 0.0
    pixel_nm: float | None = None
    energy_ev: float | None = None
    distance_m: float | None = None
    detector_pixel_um: float | None = None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame as it is sent."""
        return int(self.side**2 * np.dtype(self.type).itemsize)


@dataclass(frozen=True, eq=False)
class Delivery:
    """Frames `(n, s, s)` with their numbers int64 `(n,)` and, unless planned, places `(n, 2)`."""

    frames: NDArray[Any]
    index: NDArray[np.int64]
    places: NDArray[np.float64] | None = None

    def of(self, which: Iterable[int]) -> "Delivery":
        """The same of these rows alone."""
        rows = list(which)
        places = None if self.places is None else self.places[rows]
        return Delivery(self.frames[rows], self.index[rows], places)


class LiveStore:
    """The group at `path`, for adding to it and for reading what has arrived (StoreError)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            said = json.loads((path / "zarr.json").read_text())["attributes"][KEY]
            self.optics = Optics(**said["optics"])
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise StoreError(f"{path.name} was not opened for frames.") from fault
        self.planned: int = said["planned"]
        self._arrays: list[str] = said["arrays"]

    @property
    def plan(self) -> NDArray[np.float64] | None:
        """Places `(planned, 2)` by the numbers of their frames, where they were given ahead."""
        if "plan" not in self._arrays:
            return None
        return np.asarray(self._open("plan")[:], np.float64)

    @property
    def probe(self) -> NDArray[np.complex64] | None:
        """Probe modes `(m, s, s)` to start from, where there are such."""
        if "probe" not in self._arrays:
            return None
        return np.asarray(self._open("probe")[:], np.complex64)

    def add(self, number: int, delivery: Delivery) -> None:
        """Write delivery `number`, over what a delivery left there that was never counted."""
        shutil.rmtree(self.path / str(number), ignore_errors=True)
        folder = NewFolder(self.path / str(number))
        with folder.writing():
            zarr.create_array(
                folder.partial,
                data=delivery.frames,
                chunks=delivery.frames.shape,
                compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
                attributes=plain({"index": delivery.index, "places": delivery.places}),
            )
        folder.publish()

    def deliveries(self, first: int = 0) -> Iterator[Delivery]:
        """What has arrived, from delivery `first` on, one by one in the order it came."""
        while (self.path / str(first) / "zarr.json").exists():
            yield self._delivery(first)
            first += 1

    def _delivery(self, number: int) -> Delivery:
        found = self._open(str(number))
        places = found.attrs["places"]
        return Delivery(
            np.asarray(found[:]),
            np.asarray(found.attrs["index"], np.int64),
            None if places is None else np.asarray(places, np.float64).reshape(-1, 2),
        )

    def end(self, why: str) -> None:
        """Say that no more frames will come, and why."""
        partial = self.path / f".{ENDED}.partial-{uuid.uuid4().hex[:12]}"
        partial.write_text(json.dumps({"why": why}))
        partial.replace(self.path / ENDED)

    @property
    def has_ended(self) -> bool:
        return (self.path / ENDED).exists()

    def _open(self, name: str) -> zarr.Array[Any]:
        return zarr.open_array(self.path / name, mode="r")


def open_live(
    path: Path,
    optics: Optics,
    planned: int,
    plan: NDArray[np.float64] | None = None,
    probe: NDArray[np.complex64] | None = None,
) -> LiveStore:
    """Make the group at the new folder `path` for at most `planned` frames, whole or not at all."""
    arrays = {"plan": plan, "probe": probe}
    there = {name: values for name, values in arrays.items() if values is not None}
    folder = NewFolder(path)
    with folder.writing():
        root = zarr.create_group(folder.partial)
        for name, values in there.items():
            root.create_array(name, data=values, chunks=values.shape)
        root.attrs[KEY] = plain(
            {
                "kind": KIND,
                "schema_version": SCHEMA_VERSION,
                "optics": asdict(optics),
                "planned": planned,
                "arrays": sorted(there),
            }
        )
    folder.publish()
    return LiveStore(path)
