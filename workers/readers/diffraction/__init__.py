"""Files of scanning diffraction -> DiffractionScan, of a rocking curve -> Volume.

A format says what its file holds (`found`), `checks` ask the data whether that can be, and
`building` turns it into the one convention that is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workers.readers.diffraction import building, selecting
from workers.readers.elements import SKIP
from workers.readers.gathering import File
from workers.readers.problems import ReadError
from workers.scan import DiffractionScan
from workers.volume import Volume

ALL_FILES = "all files"


def read(files: Sequence[File], told: Mapping[str, Any]) -> DiffractionScan | Volume | None:
    """The scan or the rocking curve in the files; None where they hold none (ReadError)."""
    if told.get("content") in ("maps", "movie"):
        return None
    kept = [file for file in files if told.get("channels", {}).get(file.label) != SKIP]
    labels = {file.path.name: file.label for file in kept}
    try:
        found = selecting.scan_in([file.path for file in kept], told)
    except ReadError as error:
        name, _, rest = error.problem.where.partition("/")
        label = labels.get(name)
        where = error.problem.where if label is None else f"{label}/{rest}" if rest else label
        raise type(error)(replace(error.problem, where=where)) from error
    if found is None:
        return None
    rows = [{"name": file.label, "sha256": file.sha256(), "channel": None} for file in kept]
    where = kept[0].label if len(kept) == 1 else ALL_FILES
    make = building.volume_of if found.positions is None else building.scan_of
    return make(found, told, where, rows)
