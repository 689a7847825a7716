"""Tables of a reconstructed scan: frame by frame, ring by ring, pass by pass."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.assessment.diffraction.held_out import frame_ratios
from workers.posteriors.diffraction.scan import Scan
from workers.recipes.scan_pictures import Pictures
from workers.scan import DiffractionScan

Columns = dict[str, NDArray[Any]]


def tables(
    pictures: Pictures, scan: Scan, held: Tensor, measured: DiffractionScan
) -> dict[str, Columns]:
    """Every table of the store, by name; `scan` is the whole one, as it was told."""
    answer = pictures.answer
    rings, course = pictures.rings, np.array(answer.solved.misfit)
    return {
        "frames": _of_frames(pictures, scan, held, measured),
        "rings": {
            "frequency": rings.frequency,
            "correlation": rings.correlation,
            "threshold": rings.threshold,
        },
        "course": {"epoch": np.arange(1, len(course) + 1), "misfit": course},
        "next": {
            "row": pictures.next.row,
            "column": pictures.next.column,
            "gain": pictures.next.gain,
        },
        "features": pictures.features,
    }


def _of_frames(pictures: Pictures, scan: Scan, held: Tensor, measured: DiffractionScan) -> Columns:
    """Places as told and as used (held frames: as told), and how far each frame is missed."""
    mode = pictures.answer.posterior.mode
    used = scan.places.clone()
    used[~held] = mode.scan.places
    moved = Scan(scan.frames, used, scan.shape, scan.propagator, scan.mask)
    ratios = frame_ratios(mode, moved, measured.variance_factor)
    return {
        "index": measured.index,
        "row": scan.places[:, 0].numpy(),
        "column": scan.places[:, 1].numpy(),
        "used_row": used[:, 0].numpy(),
        "used_column": used[:, 1].numpy(),
        "ratio": ratios.numpy(),
        "held": held.to(torch.int64).numpy(),
    }
