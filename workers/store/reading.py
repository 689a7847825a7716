"""The read side every store shares: attributes, pictures, windows. Lazy: nothing is held."""

from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from workers.store import opening
from workers.store.files import StoreError
from workers.store.objects import Unreachable
from workers.store.places import Place

SCHEMA_VERSION = 1
KEY = "fiducial"


class ImageStore:
    """A store of `kind` at `path`, opened for reading (StoreError in a sentence if it is not one).

    `path` a folder or a place in a bucket; `attributes` what stands under `fiducial` in its root;
    `channels` the elements in the order of axis c; `names` its pictures.
    """

    kind: str

    def __init__(self, path: Place) -> None:
        self.path = path
        self.attributes = read_attributes(path, self.kind)
        self.channels: tuple[str, ...] = tuple(self.attributes["channels"])
        self.names: tuple[str, ...] = tuple(self.attributes["images"])

    def image(self, name: str, level: int = 0) -> zarr.Array[Any]:
        """The picture's array, (c, y, x) or (y, x); `level` 0 is full size, each next half."""
        if not 0 <= level < self.levels(name):
            raise StoreError(f"The picture {name} has no level {level} in {self.path.name}.")
        return opening.array(self.path / name / str(level))

    def levels(self, name: str) -> int:
        """How many sizes of the picture there are (StoreError if there is no such picture)."""
        if not self.has(name):
            raise StoreError(f"There is no picture named {name} in {self.path.name}.")
        document = opening.document(self.path / name)
        return len(document["attributes"]["ome"]["multiscales"][0]["datasets"])

    def has(self, name: str) -> bool:
        """Whether a picture of that name is here; names from outside go no further than this."""
        return name in self.names

    def file(self, name: str) -> Place:
        """A file beside the pictures (StoreError if it is not here); no name from outside."""
        if not (self.path / name).is_file():
            raise StoreError(f"There is no file {name} in {self.path.name}.")
        return self.path / name

    def lines(self, name: str) -> list[str]:
        """The whole lines of a file of text; one that is being written ends none."""
        return self.file(name).read_text().split("\n")[:-1]

    def window(
        self, name: str, channel: int, y0: int, x0: int, height: int, width: int, level: int = 0
    ) -> NDArray[Any]:
        """The part of one channel that lies in the window, clipped at the edges: (≤h, ≤w).

        A picture without channels, such as `mask`, has only channel 0. StoreError for a channel
        or an origin outside the picture.
        """
        array = self.image(name, level)
        channels = array.shape[0] if array.ndim == 3 else 1
        rows, columns = array.shape[-2:]
        if not (0 <= channel < channels and 0 <= y0 < rows and 0 <= x0 < columns):
            raise StoreError(
                f"Channel {channel} at row {y0}, column {x0} lies outside {name} "
                f"({channels} channels of {rows} × {columns})."
            )
        lead = (channel,) if array.ndim == 3 else ()
        return np.asarray(array[(*lead, slice(y0, y0 + height), slice(x0, x0 + width))])


def read_attributes(path: Place, kind: str) -> dict[str, Any]:
    """The `fiducial` attributes of a store of that kind and of a schema this code knows."""
    try:
        document = opening.document(path)
    except Unreachable:
        raise
    except (OSError, ValueError) as failure:
        raise StoreError(f"There is no readable {kind} in the folder {path.name}.") from failure
    attributes: dict[str, Any] = document.get("attributes", {}).get(KEY, {})
    if attributes.get("kind") != kind:
        found = attributes.get("kind", "something else")
        raise StoreError(f"The folder {path.name} holds {found}, not a {kind}.")
    version = attributes.get("schema_version", 0)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"This {kind} was written by a newer version of Fiducial (schema {version}; this one "
            f"reads up to {SCHEMA_VERSION}). Update Fiducial to open it."
        )
    return attributes


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: numpy scalars and arrays as numbers and lists, no NaN."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, int | float | bool | None) else str(value)
