"""Instrument files -> a measurement. One module per format family, one registry."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workers.measured import Uploaded
from workers.measurement import Measurement
from workers.readers.problems import NotAMapError, ReadError

__all__ = ["NotAMapError", "ReadError", "read", "read_windows"]


def read(paths: Sequence[Path], corrections: Mapping[str, Any] | None = None) -> Uploaded:
    """The measurement in the files `paths` (folders where they are Zarr); raises ReadError.

    `corrections` is what a person changed or added: `{"channels": {"file.txt": "Si" | "skip" |
    "guide"}, "units": …, "pixel_size_um": …, "dwell_ms": …, "current_na": …, "sampling": …}`.
    A map nobody could name becomes a channel "? file.txt", so that it can be looked at;
    `provenance["open"]` lists what a person must decide before a run: "channels", "units"; of a
    diffraction scan "values", "zero", "position_unit", "pixel_nm", "axes" (docs/readers.md).
    """
    # The parsers load here and not with the package: the ingest process limits itself before, and
    # a web process that imports `readers.process` never needs them.
    from workers.readers import reading

    return reading.read(paths, corrections or {})


def read_windows(
    windows: Mapping[int, Sequence[Path]], corrections: Mapping[str, Any] | None = None
) -> Measurement:
    """Rescanned windows of a map, by number, as one measurement: stacked in rows, in their order.

    `provenance["windows"]` says how many there are; see `read` for the rest.
    """
    from workers.readers import stacking

    return stacking.read(windows, corrections or {})
