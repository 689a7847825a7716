"""Files of calorimeter events -> Events.

| module          | what it reads                                                              |
|-----------------|----------------------------------------------------------------------------|
| `table`         | text tables of cells and of events, one row a cell                          |
| `columnar`      | the same tables as parquet, or as trees of a ROOT file                      |
| `cocoa`         | COCOA's trees of coarse cells and of their true finer ones                  |
| `building`      | those tables made into events: parents, units, what is wrong                |
| `showers`       | HDF5 of simulated showers: CaloGAN, CaloChallenge                           |
| `measuring`     | simulated fine cells measured as a coarse calorimeter would                 |
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.events import Events
from workers.readers import hdf5
from workers.readers.calorimeter import building, columnar, showers, table
from workers.readers.elements import SKIP
from workers.readers.gathering import File
from workers.readers.problems import ReadError, refusal
from workers.readers.registry import head_of
from workers.readers.text import looks_like_text

Reading = Callable[[Path], list[table.Table]]


def read(files: Sequence[File], told: Mapping[str, Any]) -> Events | None:
    """The events in the files; None where they hold none.

    Raises ReadError, whose `content` is "events" once that is what the files hold.

    `told` may have `factor` (children along a side of a cell, where the files name none) and
    `sigma_mev` (the noise of a cell, where they do not state it).
    """
    if told.get("content") not in (None, "events"):
        return None
    kept = [file for file in files if told.get("channels", {}).get(file.label) != SKIP]
    labels = {file.path.name: file.label for file in kept}
    try:
        found = read_paths([file.path for file in kept], told)
    except ReadError as error:
        name = next((name for name in labels if error.problem.where.startswith(name)), "")
        where = labels.get(name, "") + error.problem.where.removeprefix(name)
        raise type(error)(replace(error.problem, where=where), error.content) from error
    if found is None:
        return None
    rows = [{"name": file.label, "sha256": file.sha256(), "channel": None} for file in kept]
    return replace(found, provenance={**found.provenance, "files": rows})


def read_paths(paths: Sequence[Path], told: Mapping[str, Any]) -> Events | None:
    """As `read`, of files by their own names."""
    simulated, tabled = list[tuple[Path, showers.Kind]](), list[tuple[Path, Reading]]()
    for path in paths:
        head = head_of(path)
        if head.startswith(hdf5.MAGIC) and (kind := showers.kind_of(path)):
            simulated.append((path, kind))
        elif columnar.recognises(head):
            tabled.append((path, columnar.read))
        elif looks_like_text(head) and table.recognises(head):
            tabled.append((path, lambda text: [table.read(text)]))
    if not (tabled or simulated):
        return None
    with _known_as_events():
        return _read(simulated, tabled, told)


def _read(
    simulated: Sequence[tuple[Path, showers.Kind]],
    tabled: Sequence[tuple[Path, Reading]],
    told: Mapping[str, Any],
) -> Events:
    """The events of files that are known to hold them."""
    if len(simulated) > 1 or (tabled and simulated):
        raise refusal(
            "all files",
            "These files hold several sets of events.",
            "Upload the events of one calorimeter at a time.",
        )
    if simulated:
        path, kind = simulated[0]
        return _named(showers.read(path, kind, told), kind, told)
    tables = [found for path, reading in tabled for found in reading(path)]
    return _named(building.events_of(tables, told), "table", told)


@contextmanager
def _known_as_events() -> Iterator[None]:
    try:
        yield
    except ReadError as error:
        error.content = "events"
        raise


def _named(events: Events, name: str, told: Mapping[str, Any]) -> Events:
    return replace(events, provenance={"format": name, "corrections": dict(told), "open": []})
