"""Files of calorimeter events -> Events.

| module          | what it reads                                                              |
|-----------------|----------------------------------------------------------------------------|
| `table`         | text tables of cells and of events, one row a cell                          |
| `building`      | those tables made into events: parents, units, what is wrong                |
| `showers`       | HDF5 of simulated showers: CaloGAN, CaloChallenge                           |
| `measuring`     | simulated fine cells measured as a coarse calorimeter would                 |
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.events import Events
from workers.readers import hdf5
from workers.readers.calorimeter import building, showers, table
from workers.readers.problems import refusal
from workers.readers.text import looks_like_text

HEAD_BYTES = 4096


def read_paths(paths: Sequence[Path], told: Mapping[str, Any]) -> Events | None:
    """The events in these files; None where they hold none (ReadError).

    `told` may have `factor` (children along a side of a cell, where the files name none) and
    `sigma_mev` (the noise of a cell, where they do not state it).
    """
    tables, simulated = [], []
    for path in paths:
        if not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if head.startswith(hdf5.MAGIC) and (kind := showers.kind_of(path)):
            simulated.append((path, kind))
        elif looks_like_text(head) and table.recognises(head):
            tables.append(path)
    if not (tables or simulated):
        return None
    if len(simulated) > 1 or (tables and simulated):
        raise refusal(
            "all files",
            "These files hold several sets of events.",
            "Upload the events of one calorimeter at a time.",
        )
    if simulated:
        path, kind = simulated[0]
        return _named(showers.read(path, kind, told), kind)
    return _named(building.events_of([table.read(path) for path in tables], told), "CSV")


def _named(events: Events, name: str) -> Events:
    return replace(events, provenance={"format": name, "open": [], **events.provenance})
