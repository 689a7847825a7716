"""A stored diffraction scan as a solver takes it, and the probe to start from."""

import numpy as np
import torch
from torch import Tensor

from workers.physics.propagation import FarField, NearField, Propagator
from workers.posteriors.diffraction.scan import Scan, cropped, middle, scan_of
from workers.posteriors.diffraction.starting import guessed_probe
from workers.recipes.scan_words import NO_PROBE
from workers.run import RunError
from workers.scan import DiffractionScan


def read_scan(measured: DiffractionScan, crop: int) -> Scan:
    """The scan, with only the middle `crop` × `crop` pixels of its frames where that is not 0."""
    mask = None if measured.mask is None else torch.from_numpy(measured.mask)
    scan = scan_of(
        torch.from_numpy(measured.frames.astype(np.float32)),
        torch.from_numpy(measured.positions),
        _propagator(measured),
        mask,
    )
    return cropped(scan, crop) if crop and crop < scan.side else scan


def _propagator(measured: DiffractionScan) -> Propagator:
    if measured.propagation == "near" and measured.fresnel is not None:
        try:
            return NearField(measured.fresnel, measured.side)
        except ValueError as error:
            raise RunError(str(error)) from error
    return FarField()


def shrunk(probe: Tensor, side: int) -> Tensor:
    """A probe `(s, s)` as frames of only their middle `side` pixels see it."""
    spectrum = torch.fft.fft2(torch.fft.ifftshift(probe))
    smaller: Tensor = torch.fft.fftshift(torch.fft.ifft2(middle(spectrum, side)))
    return smaller


def first_probe(measured: DiffractionScan, scan: Scan) -> tuple[Tensor, str]:
    """The probe `(s, s)` to start from on the pixels of `scan`, and where it came from in words."""
    if measured.probe is not None:
        strongest = torch.from_numpy(measured.probe)[0]
        if scan.side == measured.side:
            return strongest, "the probe of the file"
        return shrunk(strongest, scan.side), "the probe of the file"
    if measured.propagation == "near":
        raise RunError(NO_PROBE)
    return guessed_probe(scan), "a focus as large as the mean frame says"
