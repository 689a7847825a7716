"""Simulated showers from files of sparse deposits, as `shared/data/calorimeter` keeps them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE = 128  # deposits are kept on a grid of 9 mm, three layers of 128 × 128
PITCH_MM = 9.0


@dataclass(frozen=True, eq=False)
class ShowerFile:
    """Showers `(n,)`: deposits of shower i are the entries `indptr[i]:indptr[i + 1]`.

    `cell` counts layer · 128² + row · 128 + column on a grid of 9 mm around the detector's centre,
    `mev` float32 is the energy there. `x_mm`, `y_mm` are where the particle came in.
    """

    energy_gev: NDArray[np.float64]
    pdg: NDArray[np.int64]
    x_mm: NDArray[np.float64]
    y_mm: NDArray[np.float64]
    indptr: NDArray[np.int64]
    cell: NDArray[np.int64]
    mev: NDArray[np.float32]

    @classmethod
    def load(cls, path: Path) -> "ShowerFile":
        """The sampled deposits of a file of `g4-pblar-em-showers`."""
        with np.load(path) as file:
            return cls(
                energy_gev=file["energy_gev"].astype(np.float64),
                pdg=file["pdg"].astype(np.int64),
                x_mm=file["x_mm"].astype(np.float64),
                y_mm=file["y_mm"].astype(np.float64),
                indptr=file["sampled_indptr"].astype(np.int64),
                cell=file["sampled_cell"].astype(np.int64),
                mev=file["sampled_mev"],
            )

    def __len__(self) -> int:
        return len(self.pdg)

    def deposits(
        self, showers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Entries of these showers `(m,)`: place in `showers`, cell and MeV, each `(k,)`."""
        first, last = self.indptr[showers], self.indptr[showers + 1]
        number = last - first
        owner = np.repeat(np.arange(len(showers)), number)
        entries = np.arange(len(owner)) + np.repeat(last - np.cumsum(number), number)
        return owner, self.cell[entries], self.mev[entries]
