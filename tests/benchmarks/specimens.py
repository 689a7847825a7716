"""The real maps of the X-ray benchmark: whole counts, and which elements are scored."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from tests.data import DATA

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Specimen:
    """`counts` is (c, H, W), everything the laboratory mapped; `scored` are places in it."""

    name: str
    channels: tuple[str, ...]
    counts: Counts
    scored: tuple[int, ...]

    @property
    def scored_channels(self) -> tuple[str, ...]:
        return tuple(self.channels[i] for i in self.scored)


@dataclass(frozen=True)
class Source:
    folder: str
    file: str  # of one element, `{}` standing for its symbol; or of all of them
    channels: tuple[str, ...]
    scored: tuple[str, ...]

    def path(self, element: str) -> Path:
        return DATA / "xray" / self.folder / self.file.format(element)

    def present(self) -> bool:
        return all(self.path(element).exists() for element in self.channels)


SOURCES = {
    "obj1": Source(
        "amnh-meteorite-obj1",
        "obj1_32bt_{}.tif",
        ("Al", "Ca", "Cr", "Fe", "Mg", "Ni", "P", "S", "Si", "Ti"),
        ("Si", "Mg", "Fe", "Al", "Ca", "Ni", "S", "Cr"),
    ),
    "khufai_b3": Source(
        "khufai-ooid-b3",
        "MD6_258_6_B3_{}.txt",
        ("Fe", "Mg", "Mn", "Si", "Sr"),
        ("Mg", "Si", "Mn", "Fe"),
    ),
    "sk401": Source(
        "stkitts-sk401",
        "{}.txt",
        ("Al", "Ca", "Cr", "Fe", "K", "Mg", "Mn", "Na", "Si", "Ti"),
        ("Si", "Al", "Ca", "Na", "K", "Mg", "Fe", "Ti"),
    ),
    "khufai_e1": Source(
        "khufai-ooid-e1",
        "MD6_258_6_E1_{}.txt",
        ("Fe", "Mg", "Mn", "Si", "Sr"),
        ("Mg", "Si", "Mn", "Fe"),
    ),
}
_ST_KITTS = SOURCES["sk401"]
SOURCES |= {
    name: Source("stkitts-more", f"{name.upper()}.npz", _ST_KITTS.channels, _ST_KITTS.scored)
    for name in ("sk392b", "sk394c", "sk402")
}
# Two maps of one rock are one specimen.
SPECIMENS = {
    "obj1": ("obj1",),
    "khufai": ("khufai_b3", "khufai_e1"),
    "sk392b": ("sk392b",),
    "sk394c": ("sk394c",),
    "sk401": ("sk401",),
    "sk402": ("sk402",),
}


@lru_cache(maxsize=3)
def specimen(name: str) -> Specimen:
    """The specimen called `name`. Raises LookupError where its files are not on this machine."""
    source = SOURCES[name]
    if not source.present():
        raise LookupError(f"no {source.folder} under FIDUCIAL_DATA ({DATA})")
    counts = np.stack([_read(source.path(element), element) for element in source.channels])
    scored = tuple(source.channels.index(element) for element in source.scored)
    return Specimen(name, source.channels, counts, scored)


def _read(path: Path, element: str) -> Counts:
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return np.asarray(archive[element], np.int64)
    values = tifffile.imread(path) if path.suffix == ".tif" else np.loadtxt(path)
    return np.asarray(values, np.int64)
