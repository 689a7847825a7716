"""Minerals as mixtures of stoichiometric end-members; every composition closes to 100 wt%."""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Symbol: (atomic number, atomic mass, may be mapped by an X-ray line).
ELEMENTS: dict[str, tuple[int, float, bool]] = {
    "H": (1, 1.008, False),
    "C": (6, 12.011, False),
    "O": (8, 15.999, False),
    "F": (9, 18.998, False),
    "Na": (11, 22.990, True),
    "Mg": (12, 24.305, True),
    "Al": (13, 26.982, True),
    "Si": (14, 28.086, True),
    "P": (15, 30.974, True),
    "S": (16, 32.06, True),
    "Cl": (17, 35.45, True),
    "K": (19, 39.098, True),
    "Ca": (20, 40.078, True),
    "Ti": (22, 47.867, True),
    "Cr": (24, 51.996, True),
    "Mn": (25, 54.938, True),
    "Fe": (26, 55.845, True),
    "Ni": (28, 58.693, True),
    "Cu": (29, 63.546, True),
    "Zn": (30, 65.38, True),
    "Sr": (38, 87.62, True),
    "Zr": (40, 91.224, True),
    "Ba": (56, 137.33, True),
    "Ce": (58, 140.12, True),
}
SYMBOLS = tuple(ELEMENTS)
ATOMIC_NUMBER = np.array([z for z, _, _ in ELEMENTS.values()], float)
ATOMIC_MASS = np.array([mass for _, mass, _ in ELEMENTS.values()])
MAPPABLE = np.array([mapped for _, _, mapped in ELEMENTS.values()])

# Mineral: {end-member formula: its usual share, the Dirichlet parameter}.
PHASES: dict[str, dict[str, float]] = {
    "olivine": {"Mg2SiO4": 4, "Fe2SiO4": 1.2, "Mn2SiO4": 0.04, "Ca2SiO4": 0.03},
    "fayalite": {"Mg2SiO4": 1.5, "Fe2SiO4": 2, "Mn2SiO4": 0.05},
    "orthopyroxene": {"Mg2Si2O6": 4, "Fe2Si2O6": 1, "MgAl2SiO6": 0.2, "CaMgSi2O6": 0.1},
    "clinopyroxene": {"CaMgSi2O6": 3, "CaFeSi2O6": 1, "NaAlSi2O6": 0.4, "CaAl2SiO6": 0.4},
    "plagioclase": {"CaAl2Si2O8": 2, "NaAlSi3O8": 2, "KAlSi3O8": 0.08},
    "feldspar": {"KAlSi3O8": 3, "NaAlSi3O8": 1, "BaAl2Si2O8": 0.05},
    "garnet": {"Fe3Al2Si3O12": 3, "Mg3Al2Si3O12": 1, "Ca3Al2Si3O12": 0.7, "Mn3Al2Si3O12": 0.5},
    "quartz": {"SiO2": 1},
    "amphibole": {"Ca2Mg5Si8O24H2": 2, "Ca2Fe5Si8O24H2": 1, "NaCa2Mg4Al3Si6O24H2": 1},
    "biotite": {"KMg3AlSi3O12H2": 2, "KFe3AlSi3O12H2": 2, "K2Ti2Mg4Al2Si6O24": 0.3},
    "muscovite": {"KAl3Si3O12H2": 3, "NaAl3Si3O12H2": 0.4, "KMgAlSi4O12H2": 0.3},
    "chlorite": {"Mg5Al2Si3O18H8": 2, "Fe5Al2Si3O18H8": 2},
    "serpentine": {"Mg3Si2O9H4": 3, "Fe3Si2O9H4": 2, "FeS": 0.1, "Al2Si2O9H4": 0.2},
    "glass": {"SiO2": 4, "CaAl2Si2O8": 2.5, "NaAlSi3O8": 1.5, "KAlSi3O8": 0.5, "CaMgSi2O6": 0.6},
    "ilmenite": {"FeTiO3": 4, "MgTiO3": 0.4, "MnTiO3": 0.2},
    "magnetite": {"Fe3O4": 4, "Fe2TiO4": 1, "MgAl2O4": 0.2, "FeCr2O4": 0.2},
    "chromite": {"FeCr2O4": 3, "MgCr2O4": 1.5, "MgAl2O4": 1, "Fe3O4": 0.3, "Fe2TiO4": 0.1},
    "spinel": {"MgAl2O4": 4, "FeAl2O4": 0.6, "MgCr2O4": 0.2},
    "rutile": {"TiO2": 1},
    "perovskite": {"CaTiO3": 1},
    "titanite": {"CaTiSiO5": 3, "CaAlSiO5H": 0.3},
    "apatite": {"Ca5P3O12F": 3, "Ca5P3O12Cl": 0.3},
    "zircon": {"ZrSiO4": 1},
    "monazite": {"CePO4": 1},
    "calcite": {"CaCO3": 5, "MgCO3": 0.2, "FeCO3": 0.05, "MnCO3": 0.05, "SrCO3": 0.03},
    "dolomite": {"CaMgC2O6": 8, "CaFeC2O6": 0.12, "CaMnC2O6": 0.05, "SrCO3": 0.01},
    "barite": {"BaSO4": 4, "SrSO4": 0.3},
    "goethite": {"FeO2H": 4, "MnO2H": 0.3, "SiO2": 0.3},
    "kamacite": {"Fe": 12, "Ni": 0.8, "Cr": 0.02},
    "taenite": {"Fe": 3, "Ni": 2},
    "troilite": {"FeS": 8, "NiS": 0.1, "CrS": 0.05},
    "pentlandite": {"Fe9S8": 2, "Ni9S8": 2},
    "pyrite": {"FeS2": 6, "NiS2": 0.1},
    "chalcopyrite": {"CuFeS2": 1},
    "sphalerite": {"ZnS": 4, "FeS": 0.6},
    "schreibersite": {"Fe3P": 2, "Ni3P": 1},
    "epoxy": {"C5H6O": 1},
}
# How far a rim's end-member fractions lie from its core's (standard deviation).
RIM_SPREAD = 0.18


def weight_percent(formula: str) -> NDArray[np.float64]:
    """`(elements,)` wt% of a formula such as `Mg2SiO4`, in the order of `SYMBOLS`."""
    masses = np.zeros(len(SYMBOLS))
    for symbol, number in re.findall(r"([A-Z][a-z]?)([0-9.]*)", formula):
        index = SYMBOLS.index(symbol)
        masses[index] += ATOMIC_MASS[index] * float(number or 1)
    return np.asarray(100 * masses / masses.sum())


_END_MEMBERS = {
    name: np.stack([weight_percent(f) for f in members]) for name, members in PHASES.items()
}


def backscatter(composition: NDArray[np.float64]) -> NDArray[np.float64]:
    """Backscattered fraction of `(..., elements)` wt%: Reuter's cubic in Z, weighted by mass."""
    z = ATOMIC_NUMBER
    eta = -0.0254 + 0.016 * z - 1.86e-4 * z**2 + 8.3e-7 * z**3
    return np.asarray(composition @ eta / 100)


@dataclass
class Palette:
    """The compositions of one scene: each painted phase runs from a `core` to a `rim` in wt%."""

    rng: np.random.Generator
    core: list[NDArray[np.float64]] = field(default_factory=list)
    rim: list[NDArray[np.float64]] = field(default_factory=list)

    def draw(self, name: str) -> int:
        """Index of a new phase: one mineral with its own solid solution and trace elements."""
        usual = np.array(list(PHASES[name].values()))
        shares = self.rng.dirichlet(usual * 1.5 + 1e-3)
        traces = self._traces()
        moved = shares + self.rng.normal(0, RIM_SPREAD, len(shares)) * np.sqrt(usual / usual.max())
        moved = np.maximum(moved, 0) + 1e-9
        rim_traces = traces * np.exp(self.rng.normal(0, 0.8, len(traces)))
        return self._add(
            shares @ _END_MEMBERS[name] + traces,
            moved / moved.sum() @ _END_MEMBERS[name] + rim_traces,
        )

    def between(self, first: int, second: int) -> int:
        """Index of a mixture finer than any pixel, from phase `first` to phase `second`."""
        return self._add(self.core[first], self.core[second])

    def _traces(self) -> NDArray[np.float64]:
        present = MAPPABLE & (self.rng.random(len(SYMBOLS)) < 0.25)
        return np.asarray(present * 10 ** self.rng.uniform(-2.5, -0.5, len(SYMBOLS)))

    def _add(self, core: NDArray[np.float64], rim: NDArray[np.float64]) -> int:
        self.core.append(100 * core / core.sum())
        self.rim.append(100 * rim / rim.sum())
        return len(self.core) - 1
