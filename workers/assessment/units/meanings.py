"""What a latent variable stands for: how it goes with quantities that have a name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.feature_selection import mutual_info_regression

from workers.physics.pose import circle

Array = NDArray[np.float64]

REPEATS = 200
LEVEL = 0.9
LEAST = 20  # units of which a quantity is known
CORE = 0.35  # of the radius of a patch: its middle


def of_latents(
    units: dict[str, NDArray[Any]], patches: NDArray[np.float32], latents: int, seed: int
) -> list[dict[str, Any]]:
    """Of each named quantity and latent: Spearman's rank correlation with a 90 % interval (units
    drawn again) and the mutual information in nats (Kraskov et al., PRE 69, 066138, 2004).

    units : columns of a run's table, among them z1 …; patches : (n, p, p). Position and frame are
    among the quantities: a latent that follows them may be drift, not the sample.
    """
    rng = np.random.default_rng(seed)
    found = []
    for name, values in _named(units, patches).items():
        known = np.isfinite(values)
        if known.sum() < LEAST or np.ptp(values[known]) == 0:
            continue
        for k in range(1, latents + 1):
            row = _together(values[known], units[f"z{k}"][known], rng, seed)
            found.append({"quantity": name, "latent": f"z{k}", **row})
    return found


def _named(units: dict[str, NDArray[Any]], patches: NDArray[np.float32]) -> dict[str, Array]:
    inside = circle(patches.shape[-1]).numpy().astype(bool)
    core = circle(patches.shape[-1], CORE).numpy().astype(bool)
    within = patches[:, inside].astype(np.float64)
    middle = patches[:, core].mean(axis=1)
    lattice = {}
    if "spacing" in units:
        lattice = {
            "distance of neighbours": units["spacing"],
            "off the middle of neighbours": np.hypot(units["off_x"], units["off_y"]),
        }
    return {
        "brightness": within.mean(axis=1),
        "contrast": within.std(axis=1),
        "its middle against the rest": middle - within.mean(axis=1),
        **lattice,
        "frame": units["frame"].astype(np.float64),
        "x": units["x"],
        "y": units["y"],
    }


def _together(x: Array, y: Array, rng: np.random.Generator, seed: int) -> dict[str, float]:
    drawn = rng.integers(0, len(x), (REPEATS, len(x)))
    again = [_spearman(x[which], y[which]) for which in drawn]
    low, high = np.quantile(again, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shared = mutual_info_regression(x[:, None], y, random_state=seed)[0]
    return {
        "rank": _spearman(x, y),
        "low": float(low),
        "high": float(high),
        "nats": float(shared),
    }


def _spearman(x: Array, y: Array) -> float:
    ranks = np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1]
    return float(np.nan_to_num(ranks))
