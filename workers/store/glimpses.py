"""What a run that grows shows of itself: one small group after another, each whole or not there."""

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import zarr
from numpy.typing import NDArray

from workers.store.reading import KEY, plain

KEPT = 2  # who reads one while the next appears can finish


@dataclass(frozen=True, eq=False)
class Glimpse:
    """Amplitude and phase float32 `(2, H, W)`, where they are lit `(H, W)`, and facts to tell."""

    pictures: NDArray[np.float32]
    lit: NDArray[np.bool_]
    facts: dict[str, Any]


class Glimpses:
    """Writes beside the run store `path` that is to be; leaves nothing when its context ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._next = path, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for folder in (*_shown(self._path), self._making):
            shutil.rmtree(folder, ignore_errors=True)

    def show(self, glimpse: Glimpse) -> None:
        """Let `glimpse` take the place of the one before."""
        shutil.rmtree(self._making, ignore_errors=True)
        root = zarr.create_group(self._making)
        for name, values in {"pictures": glimpse.pictures, "lit": glimpse.lit}.items():
            root.create_array(name, data=values, chunks=values.shape)
        root.attrs[KEY] = plain({"kind": "glimpse", **glimpse.facts})
        self._making.rename(_folder(self._path, self._next))
        self._next += 1
        for old in _shown(self._path)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    @property
    def _making(self) -> Path:
        return self._path.with_name(f".{self._path.name}.making")


def newest(path: Path) -> Glimpse | None:
    """The newest glimpse of the run that will lie at `path`; None where there is none (yet)."""
    for folder in reversed(_shown(path)):
        with suppress(FileNotFoundError):  # it was the oldest, and a newer one has appeared
            root = zarr.open_group(folder, mode="r")
            pictures, lit = (np.asarray(_array(root, name)[:]) for name in ("pictures", "lit"))
            facts: Any = root.attrs[KEY]
            return Glimpse(pictures, lit, facts)
    return None


def facts(path: Path) -> dict[str, Any]:
    """The facts of the newest glimpse alone, without its pictures; {} where there is none (yet)."""
    for folder in reversed(_shown(path)):
        with suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((folder / "zarr.json").read_text())
            return dict(found["attributes"][KEY])
    return {}


def number(path: Path) -> int:
    """The number of the newest glimpse, from 0; -1 where there is none (yet)."""
    shown = _shown(path)
    return int(shown[-1].name.rpartition("-")[2]) if shown else -1


def _array(root: zarr.Group, name: str) -> zarr.Array[Any]:
    found = root[name]
    assert isinstance(found, zarr.Array)
    return found


def _folder(path: Path, n: int) -> Path:
    return path.with_name(f".{path.name}.glimpse-{n:07d}")


def _shown(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f".{path.name}.glimpse-*"))
