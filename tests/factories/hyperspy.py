"""`.hspy` files as HyperSpy saves them: written by the writer of RosettaSciIO, which it uses."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from rsciio.hspy import file_writer


def signal(
    values: np.ndarray,
    title: str = "HAADF",
    signal_axes: int = 2,
    scale: float = 0.02,
    units: str = "nm",
) -> dict[str, Any]:
    """A signal whose last `signal_axes` axes are those of its pictures or spectra."""
    navigated = values.ndim - signal_axes
    axes = [
        {
            "_type": "UniformDataAxis",
            "name": "xyzt"[values.ndim - 1 - n],
            "scale": scale if n >= navigated else 1.0,
            "offset": 0.0,
            "size": size,
            "units": units if n >= navigated else "s",
            "navigate": n < navigated,
        }
        for n, size in enumerate(values.shape)
    ]
    return {
        "data": values,
        "axes": axes,
        "metadata": {"General": {"title": title}, "Signal": {"signal_type": ""}},
        "original_metadata": {},
        "attributes": {"_lazy": False, "ragged": False},
        "package_info": {"package": "hyperspy", "package_version": "2.3"},
        "tmp_parameters": {},
        "learning_results": {},
        "models": {},
    }


def write(path: Path, *signals: dict[str, Any]) -> Path:
    """One file of several signals, each under its title."""
    file_writer(path, signals[0], show_progressbar=False)
    for one in signals[1:]:  # the writer alone cannot add to a file
        part = path.with_suffix(".part")
        file_writer(part, one, show_progressbar=False)
        with h5py.File(part) as source, h5py.File(path, "a") as sink:
            for title, group in source["Experiments"].items():
                source.copy(group, sink["Experiments"], title)
        part.unlink()
    return path
