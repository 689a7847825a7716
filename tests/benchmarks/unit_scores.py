"""What `make benchmark-rvae` asks of any model of units: poses, classes, latents, states."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from tests.benchmarks.units import Defects
from workers.assessment.units.states import Track, find_states
from workers.assessment.units.symmetry import arc, folded
from workers.training.motifs import Motifs

Array = NDArray[np.float64]
Figures = dict[str, float]

PATCHES = 1000  # synthetic ones, of a seed
LATENTS = 3
SAMPLES = 400
NEIGHBOURS = 10


@dataclass(frozen=True)
class Said:
    """What a model says of n patches; `samples` : (SAMPLES, n) of their angles, radians."""

    angle: Array
    samples: Array
    latents: Array
    label: NDArray[np.int64]


class Turn(NamedTuple):
    """R_n, the median error in degrees, the offset in radians and the sign that were best."""

    r: float
    deg: float
    offset: float
    sign: int


def angle_scores(found: Array, truth: Array, n: int) -> Turn:
    """Angles against their truth modulo 2π/n, after the best sign and offset."""
    scores = []
    for sign in (1, -1):
        together = np.exp(1j * n * (sign * found - truth)).mean()
        offset = float(np.angle(together) / n)
        error = np.abs(folded(sign * found - truth - offset, n))
        deg = float(np.degrees(np.median(error)))
        scores.append(Turn(float(abs(together)), deg, offset, sign))
    return max(scores)


def r2_in_class(latents: Array, parameter: Array, label: NDArray[np.int64]) -> float:
    """Mean over classes of R² of five-fold linear regression of the order parameter on latents."""
    found = []
    for k in np.unique(label):
        z, u = latents[label == k], parameter[label == k]
        design = np.column_stack([np.ones(len(u)), z])
        fold = np.random.default_rng(0).permutation(len(u)) % 5
        told = np.empty(len(u))
        for part in range(5):
            weights = np.linalg.lstsq(design[fold != part], u[fold != part], rcond=None)[0]
            told[fold == part] = design[fold == part] @ weights
        found.append(1 - ((told - u) ** 2).sum() / ((u - u.mean()) ** 2).sum())
    return float(np.mean(found))


def leakage(latents: Array, angle: Array, n: int) -> float:
    """R² of the direction of the angle from the nearest neighbours in content latents."""
    z = latents / latents.std(axis=0).clip(1e-9)
    distance = ((z[:, None] - z[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    near = np.argsort(distance, axis=1)[:, :NEIGHBOURS]
    true = np.column_stack([np.cos(n * angle), np.sin(n * angle)])
    told = true[near].mean(axis=1)
    return float(1 - ((told - true) ** 2).sum() / ((true - true.mean(0)) ** 2).sum())


def flipped(samples: Array, truth: Array) -> tuple[int, int]:
    """Changes of state and how many frames lie in the state of the stored coordinates."""
    direction = np.stack([np.cos(3 * samples), np.sin(3 * samples)], axis=2)
    states = find_states([Track(direction.mean(axis=0), direction.var(axis=0))])
    true = np.cos(3 * (truth - truth[0])) > 0
    same = (states.paths[0] == states.paths[0][0]) == true
    return len(states.changes[0]), int(same.sum())


def of_motifs(name: str, said: Said, made: Motifs) -> Figures:
    """Of synthetic patches `name`, a or b."""
    turn = angle_scores(said.angle, made.angle, made.order)
    centre, half = arc(turn.sign * said.samples, made.order, 0.9)
    inside = np.abs(folded(centre - turn.offset - made.angle, made.order)) <= half
    key = f"syn_{name}"
    return {
        f"{key}.angle_r": turn.r,
        f"{key}.angle_deg": turn.deg,
        f"{key}.r2_in_class": r2_in_class(said.latents, made.parameter, made.label),
        f"{key}.ari": float(adjusted_rand_score(said.label, made.label)),
        f"{key}.leakage": leakage(said.latents, made.angle, made.order),
        f"arcs90.coverage_{name}": float(inside.mean()),
    }


def of_defects(said: Said, found: Defects) -> Figures:
    """Of silicon in graphene: classes, angles, and the movie of a trimer that flips."""
    single, trimer, movie = found.single, found.trimer, found.movie
    alone = angle_scores(said.angle[single], found.angle[single], 3)
    three = angle_scores(said.angle[trimer], found.angle[trimer], 3)
    flips, right = flipped(said.samples[:, movie], found.angle[movie])
    return {
        "si_count.ari": float(adjusted_rand_score(said.label, found.silicon)),
        "single_si.angle_r": alone.r,
        "single_si.angle_deg": alone.deg,
        "trimer.angle_r": three.r,
        "trimer.angle_deg": three.deg,
        "trimer.flips": float(flips),
        "trimer.states_right": float(right),
    }


def in_words(figures: Figures) -> str:
    return ", ".join(f"{key} {value:.3f}" for key, value in figures.items())
