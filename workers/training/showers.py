"""Electromagnetic showers as spots of energy: Grindhammer and Peters, hep-ex/0001020.

Longitudinal and lateral profiles, their fluctuations and correlations are those of a homogeneous
calorimeter (equations in §2 and §3 there), for a mixture of lead and liquid argon. Lengths along
the shower are in radiation lengths (X0), across it in mm, energies in MeV unless a name says GeV.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ELECTRON, PHOTON = 11, 22

Z = 61.5  # of the mixture, Pb : liquid Ar = 1.2 : 4.6 by volume
CRITICAL_GEV = 9.7e-3
MOLIERE_MM = 51.0
LAYER_EDGES_X0 = (0.0, 4.0, 20.0, 22.0)
WIDEST = 5.0  # Molière radii: the profiles hold up to here
LEAST_GEV = 0.05  # the formulae fail at a few critical energies; softer showers have this shape
# A sampling calorimeter sees 7 % of 1850 steps per GeV, of energies as uneven as a gamma variable
# of shape k: σ/E = √((1 + 1/k) / SPOTS_PER_GEV / E), 16 %/√E.
SPOTS_PER_GEV = 130.0
UNEVEN = 0.43


@dataclass(frozen=True, eq=False)
class Spots:
    """Spots of many showers: `shower` int64 `(s,)` says whose, the rest float64 `(s,)`."""

    shower: NDArray[np.int64]
    depth_x0: Array
    x_mm: Array
    y_mm: Array
    mev: Array


def spots(
    energy_gev: Array, pdg: NDArray[np.int64], rng: np.random.Generator, density: float
) -> Spots:
    """Showers along one axis of particles `(n,)` with these energies, `density` spots per GeV.

    `pdg` 11 is an electron, 22 a photon: it converts after Exp(9/7 X0) and its pair showers with
    an even split of energies. x and y count from the axis.
    """
    owner, start, energy = _electrons(energy_gev, pdg, rng)
    top, alpha = _profile(energy, rng)
    number = rng.poisson(energy * density)
    of = np.repeat(np.arange(len(energy)), number)
    tau = rng.gamma(alpha[of]) / (alpha[of] - 1)
    radius = MOLIERE_MM * _radius(tau, energy[of], rng)
    angle = rng.uniform(0, 2 * np.pi, len(of))
    return Spots(
        shower=owner[of],
        depth_x0=start[of] + tau * top[of],
        x_mm=radius * np.cos(angle),
        y_mm=radius * np.sin(angle),
        mev=rng.gamma(UNEVEN, 1e3 / density / UNEVEN, len(of)),
    )


def _electrons(
    energy_gev: Array, pdg: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], Array, Array]:
    """The electron showers of these particles: whose, from which depth (X0), of which energy."""
    photons = np.flatnonzero(pdg == PHOTON)
    electrons = np.flatnonzero(pdg == ELECTRON)
    depth = rng.exponential(9 / 7, len(photons))
    share = rng.uniform(size=len(photons))
    owner = np.concatenate([electrons, photons, photons])
    start = np.concatenate([np.zeros(len(electrons)), depth, depth])
    shares = np.concatenate([np.ones(len(electrons)), share, 1 - share])
    return owner, start, energy_gev[owner] * shares


def _profile(energy_gev: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Depth of the maximum T (X0) and the exponent α of dE/dt ∝ (βt)^(α−1) e^(−βt), each `(n,)`."""
    log_y = np.log(np.maximum(energy_gev, LEAST_GEV) / CRITICAL_GEV)
    correlation = 0.705 - 0.023 * log_y
    together, apart = np.sqrt((1 + correlation) / 2), np.sqrt((1 - correlation) / 2)
    z1, z2 = rng.standard_normal((2, len(log_y)))
    mean_top, sd_top = np.log(log_y - 0.812), 1 / (-1.4 + 1.26 * log_y)
    mean_alpha = np.log(0.81 + (0.458 + 2.26 / Z) * log_y)
    sd_alpha = 1 / (-0.58 + 0.86 * log_y)
    top = np.exp(mean_top + sd_top * (z1 * together + z2 * apart))
    alpha = np.exp(mean_alpha + sd_alpha * (z1 * together - z2 * apart))
    return top, np.maximum(alpha, 1.1)


def _radius(tau: Array, energy_gev: Array, rng: np.random.Generator) -> Array:
    """Distance of spots at depth τ = t/T from the axis, in Molière radii: core and tail."""
    log_e = np.log(np.maximum(energy_gev, LEAST_GEV))
    core = 0.0251 + 0.00319 * log_e + (0.1162 - 0.000381 * Z) * tau
    late = np.exp((0.3585 + 0.0421 * log_e) * (tau - 0.645))
    tail = (0.659 - 0.00309 * Z) * (np.exp(-2.59 * (tau - 0.645)) + late)
    x = (0.401 + 0.00187 * Z - tau) / (1.313 - 0.0686 * log_e)
    share = np.clip((2.632 - 0.00094 * Z) * np.exp(x - np.exp(x)), 0, 1)
    scale = np.where(rng.uniform(size=len(tau)) < share, core, tail)
    scale = np.clip(scale, 1e-3, 1e3)
    inside = rng.uniform(size=len(tau)) * WIDEST**2 / (WIDEST**2 + scale**2)
    radius: Array = scale * np.sqrt(inside / (1 - inside))
    return radius
