"""The answer of a run on events as one HDF5 file, to be read without the portal."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from workers.events import Events
from workers.recipes.event_rows import Columns
from workers.recipes.event_sums import MOST
from workers.writers.events import PARTICLE, FineEvents, write_hdf5

NAME = "events.h5"


def of(events: Events, found: Mapping[str, Columns]) -> bytes:
    """The bytes of the file that `workers.writers.events.write_hdf5` describes."""
    with tempfile.TemporaryDirectory(prefix="fiducial-") as folder:
        path = Path(folder) / NAME
        write_hdf5(path, answer_of(events, found))
        return path.read_bytes()


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
