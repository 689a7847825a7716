"""A run on disk: its pictures, its posterior samples as they arrive, its tables, its summary."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import zarr
from numpy.typing import NDArray

from workers.store import opening
from workers.store.files import NewFolder, StoreError, content_hash
from workers.store.images import write_image
from workers.store.places import Place, files
from workers.store.reading import KEY, SCHEMA_VERSION, ImageStore, plain

FINISHED = ".finished"  # in a run being written: one empty file for every picture that is whole


class RunWriter:
    """Writes a run to the new folder `path`, which appears only when `close` has finished.

    Use it in a `with` block: left without `close`, nothing remains of the run. `channels` the
    `c` elements; `measured_shape` (h, w) and `shape` (H, W) in pixels; `samples` how many will be
    written; `provenance` as in the contract, `pixel_size_um` being that of a measured pixel.
    """

    def __init__(
        self,
        path: Path,
        *,
        channels: Sequence[str],
        measured_shape: tuple[int, int],
        shape: tuple[int, int],
        samples: int,
        provenance: Mapping[str, Any],
    ) -> None:
        self._attributes: dict[str, Any] = {
            "kind": "run",
            "schema_version": SCHEMA_VERSION,
            "channels": tuple(channels),
            "measured_shape": tuple(measured_shape),
            "shape": tuple(shape),
            "samples": samples,
            "provenance": {**provenance, "schema_version": SCHEMA_VERSION},
        }
        self._measured_shape, self._shape = tuple(measured_shape), tuple(shape)
        self._factor = shape[0] / measured_shape[0]
        measured_pixel = provenance.get("pixel_size_um")
        self._pixel_um = measured_pixel / self._factor if measured_pixel else None
        self._images: list[str] = []
        self._tables: list[str] = []
        self._samples: set[int] = set()
        self._folder = NewFolder(path)
        with self._folder.writing():
            self._root = zarr.create_group(self._folder.partial)
            self._root.attrs[KEY] = plain({**self._attributes, "images": []})
            self._finished = self._folder.partial / FINISHED
            self._finished.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.abandon()

    def image(self, name: str, values: NDArray[Any]) -> None:
        """Write a picture: (c, H, W), (c, h, w), (H, W) or (h, w); ValueError for another shape."""
        self._write(name, values)
        self._images.append(name)

    def sample(self, k: int, values: NDArray[Any]) -> None:
        """Write posterior sample `k` (c, H, W), counted from 0."""
        if values.shape != (len(self._attributes["channels"]), *self._shape):
            raise ValueError(f"sample {k} has shape {values.shape}")
        self._write(f"samples/{k}", values)
        self._samples.add(k)

    def table(
        self, name: str, columns: Mapping[str, NDArray[Any]], chunk: int | None = None
    ) -> None:
        """Write columns of numbers, all of one length (ValueError otherwise).

        `chunk` rows are stored together, so that a part can be read; without it, all of them.
        """
        arrays = {key: np.asarray(column) for key, column in columns.items()}
        if len({array.shape for array in arrays.values()}) != 1:
            raise ValueError(f"the columns of {name} differ in length")
        if any(array.ndim != 1 or array.dtype.kind not in "biuf" for array in arrays.values()):
            raise ValueError(f"the columns of {name} must be plain lists of numbers")
        with self._folder.writing():
            group = self._root.require_group("tables").create_group(name)
            for key, array in arrays.items():
                group.create_array(
                    key, data=array, chunks=(max(1, min(array.size, chunk or array.size)),)
                )
        self._tables.append(name)

    def file(self, name: str, content: bytes) -> None:
        """Write a file beside the pictures, such as a network's weights."""
        with self._folder.writing():
            (self._folder.partial / name).write_bytes(content)

    def line(self, name: str, text: str) -> None:
        """Add a line to a file of text, which a preview may read while it grows."""
        with self._folder.writing(), (self._folder.partial / name).open("a") as file:
            file.write(f"{text}\n")

    def close(self, summary: Mapping[str, Any]) -> str:
        """Finish: write the summary, give the folder its name; returns the content hash.

        The thresholds `tau` of the summary's channels also go beside the picture `risk`, which
        means nothing without them. StoreError when samples are missing.
        """
        missing = set(range(self._attributes["samples"])) - self._samples
        if missing:
            self._folder.abandon()
            raise StoreError(f"{len(missing)} of the announced samples were never written.")
        with self._folder.writing():
            per_channel = summary.get("per_channel", {})
            if "risk" in self._images and per_channel:
                tau = [per_channel[element]["tau"] for element in self._attributes["channels"]]
                self._root["risk"].attrs["tau"] = plain(tau)
            self._root.attrs[KEY] = plain(
                {
                    **self._attributes,
                    "images": self._images,
                    "tables": self._tables,
                    "summary": dict(summary),
                }
            )
            shutil.rmtree(self._finished)
            digest = content_hash(self._folder.partial)
        self._folder.publish()
        return digest

    def _write(self, name: str, values: NDArray[Any]) -> None:
        if values.shape[-2:] == self._shape:
            step = 1.0
        elif values.shape[-2:] == self._measured_shape:
            step = self._factor
        else:
            raise ValueError(
                f"{name} has {values.shape[-2:]} pixels; this run has {self._measured_shape} "
                f"measured and {self._shape} estimated ones"
            )
        with self._folder.writing():
            write_image(self._root, name, values, step=step, pixel_um=self._pixel_um)
            (self._finished / name.replace("/", "-")).touch()


class RunPreview(ImageStore):
    """A run while it is written to the folder `path`: the pictures that are whole already.

    StoreError where nothing is being written there.
    """

    kind = "run"

    def __init__(self, path: Path) -> None:
        partial = max(path.parent.glob(f".{path.name}.partial-*"), default=None)
        if partial is None:
            raise StoreError(f"Nothing of {path.name} has been written yet.")
        super().__init__(partial)
        self._finished = partial / FINISHED

    def has(self, name: str) -> bool:
        return name.replace("/", "-") in self.finished()

    def finished(self) -> set[str]:
        """The pictures that are whole, those of samples as `samples-0`, `samples-1`, …"""
        return (
            {file.name for file in self._finished.iterdir()} if self._finished.is_dir() else set()
        )

    @property
    def samples(self) -> int:
        """How many samples have arrived; they do in order."""
        return sum(name.startswith("samples-") for name in self.finished())


class RunStore(ImageStore):
    """A finished run opened for reading."""

    kind = "run"

    def __init__(self, path: Place) -> None:
        super().__init__(path)
        self.provenance: dict[str, Any] = self.attributes["provenance"]
        self.summary: dict[str, Any] = self.attributes["summary"]
        self.samples: int = self.attributes["samples"]
        self.shape: tuple[int, int] = tuple(self.attributes["shape"])
        self.measured_shape: tuple[int, int] = tuple(self.attributes["measured_shape"])

    def has(self, name: str) -> bool:
        """Whether there is such a picture; the samples are named `samples/0`, `samples/1`, …"""
        return super().has(name) or name in {f"samples/{k}" for k in range(self.samples)}

    def sample(self, k: int) -> zarr.Array[Any]:
        """Posterior sample `k` (c, H, W)."""
        return self.image(f"samples/{k}")

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return name in self.attributes["tables"]

    def table(self, name: str, first: int = 0, last: int | None = None) -> dict[str, NDArray[Any]]:
        """The table's columns by name, each 1-D and of one length (StoreError if absent).

        Of rows `first` to `last` alone, where they are given.
        """
        if not self.has_table(name):
            raise StoreError(f"There is no table named {name} in {self.path.name}.")
        place = self.path / "tables" / name
        columns = sorted({file.split("/")[0] for file in files(place) if "/" in file})
        return {column: np.asarray(opening.array(place / column)[first:last]) for column in columns}
