"""X-ray lines and element maps out of spectrum images.

Energies in keV of Kα, Lα and Mα, rounded to 1 eV (X-ray Data Booklet, LBNL 2009, table 1-2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_K = (
    "B .183 C .277 N .392 O .525 F .677 Na 1.041 Mg 1.254 Al 1.487 Si 1.740 P 2.014 S 2.307 "
    "Cl 2.622 K 3.314 Ca 3.692 Sc 4.091 Ti 4.511 V 4.952 Cr 5.415 Mn 5.899 Fe 6.404 Co 6.930 "
    "Ni 7.478 Cu 8.048 Zn 8.639 Ga 9.252 Ge 9.886 As 10.544 Se 11.222"
)
_L = (
    "Br 1.480 Rb 1.694 Sr 1.807 Y 1.923 Zr 2.042 Nb 2.166 Mo 2.293 Ru 2.559 Rh 2.697 Pd 2.839 "
    "Ag 2.984 Cd 3.134 In 3.287 Sn 3.444 Sb 3.605 Te 3.769 I 3.938 Cs 4.287 Ba 4.466 La 4.651 "
    "Ce 4.840 Pr 5.034 Nd 5.230 Sm 5.636 Eu 5.846 Gd 6.057 Tb 6.273 Dy 6.495 Ho 6.720 Er 6.949 "
    "Tm 7.180 Yb 7.416 Lu 7.656 Hf 7.899 Ta 8.146 W 8.398 Re 8.653 Os 8.912 Ir 9.175"
)
_M = "Pt 2.051 Au 2.123 Hg 2.195 Tl 2.271 Pb 2.346 Bi 2.423 Th 2.996 U 3.171"


def _table(text: str) -> dict[str, float]:
    words = text.split()
    return {name: float(energy) for name, energy in zip(words[::2], words[1::2], strict=True)}


ENERGY_KEV = _table(_K) | _table(_L) | _table(_M)
_COMMON = "C O F Na Mg Al Si P S Cl K Ca Ti V Cr Mn Fe Co Ni Cu Zn"
COMMON = tuple(_COMMON.split())
HIGHEST_KEV = 12.0  # above this no line of the table lies, so spectra are read no further


@dataclass(frozen=True)
class Spectra:
    """`counts` (h, w, channels); channel n begins at offset + n · width, both in keV."""

    counts: NDArray[np.integer]
    offset: float
    width: float

    def window(self, element: str) -> slice:
        """The channels within half a peak width of the element's line; empty when out of range."""
        energy = ENERGY_KEV[element]
        half = full_width_kev(energy) / 2
        first, last = ((edge - self.offset) / self.width for edge in (energy - half, energy + half))
        return slice(max(round(first), 0), max(min(round(last) + 1, self.counts.shape[2]), 0))

    def element_map(self, element: str) -> NDArray[np.float32]:
        """Counts (h, w) in the window of an element, background included: Poisson as they are."""
        window = self.counts[:, :, self.window(element)]
        return np.asarray(window.sum(axis=2, dtype=np.uint32), np.float32)

    def elements_seen(self, among: Sequence[str] = COMMON) -> list[str]:
        """The elements whose peak stands 6 σ above the background of the summed spectrum."""
        spectrum = self.counts.sum(axis=(0, 1), dtype=np.float64)
        return [element for element in among if self._stands_out(spectrum, self.window(element))]

    @staticmethod
    def _stands_out(spectrum: NDArray[np.float64], window: slice) -> bool:
        width = window.stop - window.start
        below = spectrum[max(window.start - 2 * width, 0) : max(window.start - width, 0)]
        above = spectrum[window.stop + width : window.stop + 2 * width]
        if width < 2 or len(below) < 2 or len(above) < 2:
            return False
        peak = spectrum[window].sum()
        background = (below.mean() + above.mean()) / 2 * width
        return bool(peak - background > max(6 * np.sqrt(peak + background), 0.2 * background))


def full_width_kev(energy_kev: float) -> float:
    """Width of a peak at half maximum for a silicon detector of 130 eV at Mn Kα (Fiori 1981)."""
    return float(np.sqrt(2.5e-3 * (energy_kev - 5.899) + 0.130**2))
