"""The rocking curve of a crystal, phased from drawn starts and compared between them."""

from statistics import median
from time import process_time

import numpy as np
import tifffile
import torch

from tests.data import DATA
from workers.posteriors.bragg.alike import alike
from workers.posteriors.bragg.curve import amplitudes
from workers.posteriors.bragg.phasing import phased

FILE = DATA / "diffraction" / "bcdi-34idc" / "Staff20-1a_S0054_crop.tif"
SIDE, THRESHOLD = 64, 3.0
STARTS = (0, 1)


def two_starts() -> dict[str, float]:
    """The larger error of both starts, CPU seconds of one, and how alike their crystals are."""
    counts = torch.from_numpy(tifffile.imread(FILE).astype(np.float32))
    amplitude = amplitudes(counts, SIDE, THRESHOLD)
    seconds, found = [], []
    for seed in STARTS:
        began = process_time()
        found.append(phased(amplitude, torch.Generator().manual_seed(seed)))
        seconds.append(process_time() - began)
    return {
        "bragg.amplitude_error": max(each.misfit[-1] for each in found),
        "bragg.cpu_s": median(seconds),
        "bragg.correlation": alike(found[0].density, found[1].density)[1],
        "bragg.support_voxels": median(float(each.support.sum()) for each in found),
    }
