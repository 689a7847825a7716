"""The answer of a run on events as files to be read without the portal."""

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from workers.events import Events
from workers.recipes.event_rows import Columns
from workers.recipes.event_sums import MOST
from workers.writers.event_columns import installed, write_parquet, write_root
from workers.writers.events import PARTICLE, FineEvents, write_hdf5

HDF5, ROOT, PARQUET = "events.h5", "events.root", "events-parquet.zip"


def of(events: Events, found: Mapping[str, Columns]) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the files that `workers.writers` describe, one after the other.

    HDF5 always; ROOT and a zip of parquet tables where the libraries that write them are installed.
    """
    answer = answer_of(events, found)
    with tempfile.TemporaryDirectory(prefix="fiducial-") as folder:
        path = Path(folder)
        write_hdf5(path / HDF5, answer)
        yield HDF5, (path / HDF5).read_bytes()
        if not installed():
            return
        write_root(path / ROOT, answer)
        yield ROOT, (path / ROOT).read_bytes()
        write_parquet(path / "parquet", answer)
        with zipfile.ZipFile(path / PARQUET, "w") as file:  # stored: parquet compresses itself
            for table in sorted((path / "parquet").iterdir()):
                file.write(table, table.name)
        yield PARQUET, (path / PARQUET).read_bytes()


def answer_of(events: Events, found: Mapping[str, Columns]) -> FineEvents:
    """What writers write, of the joined tables of a run."""
    samples = found["samples"]
    cells, particles, each = found["cells"], found["particles"], found["events"]
    dense = np.zeros((len(events), len(samples), len(events.geometry.fine)), np.float32)
    for k in range(len(samples)):
        dense[cells["event"], k, cells["cell"]] = samples[f"s{k}"]
    # The networks know events of at least one particle: P(0) is 0.
    chances = [np.zeros(len(events)), *(each[f"p{n + 1}"] for n in range(MOST))]
    return FineEvents(
        event=events.event,
        samples=dense,
        number=np.stack(chances, axis=1).astype(np.float32),
        particles={name: particles[name] for name in PARTICLE}
        | {"event": events.event[particles["event"]]},
        geometry=events.geometry,
    )
