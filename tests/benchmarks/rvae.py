"""`make benchmark-rvae`: units of known pose, class and order parameter, and of real movies.

Medians over five seeds, the worst seed beside them as `.worst`; a seed draws the patches (of the
synthetic sets), the network and its batches. CPU seconds of one thread. Rivals stand beside ours
(`unit_rivals`). Writes `results/rvae.json` and the table in `unit_table.DOCS`.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import adjusted_rand_score

from tests.benchmarks import unit_rivals, unit_table
from tests.benchmarks import units as real
from tests.benchmarks.unit_scores import (
    LATENTS,
    PATCHES,
    SAMPLES,
    Figures,
    Said,
    angle_scores,
    in_words,
    of_defects,
    of_motifs,
    r2_in_class,
)
from tests.benchmarks.xray import commit, say, write
from workers.assessment.units.descriptor import classes, describe
from workers.assessment.units.states import Track, find_states
from workers.posteriors.units.fitting import epochs, fit
from workers.posteriors.units.learning import BATCH, Epoch
from workers.posteriors.units.posterior import UnitPosterior
from workers.training.motifs import GRAPHENE, SQUARE, Kind, motifs

Result = dict[str, Any]  # figures, which are floats, and facts of the run that found them

RESULT = Path(__file__).parent / "results" / "rvae.json"
SEEDS = tuple(range(5))
CONTROLS = 20


def said_by(found: UnitPosterior, seed: int) -> Said:
    """The most likely mode of every unit, and samples of its angle."""
    rows, mode = torch.arange(len(found.weight)), found.best
    _, samples, _ = found.sample(SAMPLES, torch.Generator().manual_seed(seed))
    return Said(
        found.angle[rows, mode].double().numpy(),
        samples.double().numpy(),
        found.mean[rows, mode, :LATENTS].double().numpy(),
        found.label[rows, mode].numpy(),
    )


def deaf(_: Epoch) -> None:
    """Progress nobody listens to."""


def synthetic(name: str, kind: Kind, seed: int) -> Figures:
    made = motifs(kind, PATCHES, np.random.default_rng(2000 + seed))
    described = describe(made.patches)
    passes = epochs(PATCHES, BATCH)
    clock = Clock()
    _, found = fit(made.patches, described, 3, LATENTS, seed, passes, clock)
    seconds = clock.whole
    classical = classes(described.values, 3, seed)
    turn = angle_scores(described.angle(made.order), made.angle, made.order)
    key = f"syn_{name}"
    return of_motifs(name, said_by(found, seed), made) | {
        f"{key}.fit_cpu_s": seconds,
        "speed.cpu_s_per_epoch_1000": clock.epoch,
        f"{key}.classical.angle_r": turn.r,
        f"{key}.classical.angle_deg": turn.deg,
        f"{key}.classical.ari": float(adjusted_rand_score(classical, made.label)),
        f"{key}.classical.r2_in_class": r2_in_class(described.values, made.parameter, made.label),
    }


class Clock:
    """CPU seconds of the whole fit and of an epoch."""

    def __init__(self) -> None:
        self._began = time.process_time()
        self._epochs: list[float] = []

    def __call__(self, _: Epoch) -> None:
        self._epochs.append(time.process_time())

    @property
    def whole(self) -> float:
        return time.process_time() - self._began

    @property
    def epoch(self) -> float:
        return (self._epochs[-1] - self._epochs[0]) / (len(self._epochs) - 1)


def silicon(seed: int) -> Figures:
    """Silicon in graphene: classes, angles, and the movie of a trimer that flips."""
    found = real.defects()
    described = describe(found.patches)
    passes = epochs(len(found.patches), BATCH)
    _, posterior = fit(found.patches, described, 3, LATENTS, seed, passes, deaf)
    angle, label = described.angle(3), classes(described.values, 3, seed)
    single, trimer = found.single, found.trimer
    alone = angle_scores(angle[single], found.angle[single], 3)
    return of_defects(said_by(posterior, seed), found) | {
        "classical.si_count.ari": float(adjusted_rand_score(label, found.silicon)),
        "classical.single_si.angle_r": alone.r,
        "classical.single_si.angle_deg": alone.deg,
        "classical.trimer.angle_deg": angle_scores(angle[trimer], found.angle[trimer], 3).deg,
    }


def boundary(seed: int) -> Figures:
    """The angle between the two grains of a bicrystal, from the angles of its atoms."""
    patches = real.bicrystal()
    described = describe(patches)
    passes = epochs(len(patches), BATCH)
    _, posterior = fit(patches, described, 1, LATENTS, seed, passes, deaf)
    return {
        "grain_boundary.deg": real.between_peaks(said_by(posterior, seed).angle),
        "classical.grain_boundary.deg": real.between_peaks(described.angle(6)),
    }


def control(seed: int) -> Figures:
    """One state, with drift, scan noise and defocus: whether a change is reported."""
    patches, tracks = real.still_movie(seed)
    _, posterior = fit(patches, describe(patches), 1, LATENTS, seed, 40, deaf)
    _, samples, latents = posterior.sample(SAMPLES, torch.Generator().manual_seed(seed))
    said = [real.of_track(samples[:, track], latents[:, track], 3) for track in tracks]
    changed = sum(map(len, find_states([Track(*each) for each in said]).changes))
    return {"control.no_transition": float(changed == 0)}


def collapse(seed: int) -> Figures:
    """Patches without any content: after which share of the epochs a warning is there.

    Beside it whether one is there in the end for patches whose latents all say something.
    """
    rng = np.random.default_rng(seed)
    patches = (0.5 + 0.1 * rng.standard_normal((300, 24, 24))).astype(np.float32)
    warned: list[float] = []

    def heard(epoch: Epoch) -> None:
        if epoch.collapsed:
            warned.append(epoch.share)

    fit(patches, describe(patches), 1, LATENTS, seed, 60, heard)
    first = warned[0] if warned else 1.0
    warned.clear()
    sound = motifs(SQUARE, 500, rng).patches
    fit(sound, describe(sound), 3, 1, seed, 60, heard)
    return {
        "collapse.warned_epoch_share": first,
        "collapse.false_alarm": float(bool(warned and warned[-1] == 1.0)),
    }


def _synthetic_a(seed: int) -> Figures:
    return synthetic("a", SQUARE, seed)


def _synthetic_b(seed: int) -> Figures:
    return synthetic("b", GRAPHENE, seed)


PARTS = (
    (_synthetic_a, SEEDS),
    (_synthetic_b, SEEDS),
    (silicon, SEEDS),
    (boundary, SEEDS),
    (collapse, SEEDS),
    (control, tuple(range(CONTROLS))),
)


def ours() -> Figures:
    rows: dict[str, list[float]] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=_one_thread) as pool:
        asked = [(part, pool.submit(part, seed)) for part, seeds in PARTS for seed in seeds]
        for part, answer in asked:
            found = answer.result()
            say(f"{part.__name__.strip('_')} {in_words(found)}")
            for key, value in found.items():
                rows.setdefault(key, []).append(value)
    return unit_table.figures_of(rows)


def _one_thread() -> None:
    torch.set_num_threads(1)


def measured_ours() -> Result:
    began, measured = time.monotonic(), commit()
    return ours() | {
        "commit": measured,
        "seeds": len(SEEDS),
        "device": "CPU, one thread a fit, two fits at a time",
        "seconds": round(time.monotonic() - began),
    }


def measured_rivals() -> Result:
    began, measured = time.monotonic(), commit()
    figures, missing = unit_rivals.measured()
    return figures | {
        "rivals.commit": measured,
        "rivals.packages": ", ".join(unit_rivals.PACKAGES),
        "rivals.seeds": len(unit_rivals.SEEDS),
        "rivals.missing": missing,
        "rivals.seconds": round(time.monotonic() - began),
    }


SIDES: dict[str, Callable[[], Result]] = {"ours": measured_ours, "rivals": measured_rivals}


def with_side(result: Result, side: str, found: Result) -> Result:
    """The result with everything of one side replaced."""
    others = {
        key: v for key, v in result.items() if key.startswith("rivals.") != (side == "rivals")
    }
    return others | found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SIDES, help="measure this side, keep the other's figures")
    only = parser.parse_args().only
    result: Result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for side, measure in SIDES.items():
        if only in (None, side):
            result = with_side(result, side, measure())
            figures = {key: value for key, value in result.items() if isinstance(value, float)}
            write(RESULT, figures, {k: v for k, v in result.items() if k not in figures})
    say(unit_table.table(result))
    for sentence in result.get("rivals.missing", []):
        say(sentence)
    unit_table.DOCS.write_text(unit_table.with_figures(unit_table.DOCS.read_text(), result))


if __name__ == "__main__":
    main()
