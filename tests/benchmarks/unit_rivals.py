"""rVAEs of pyroVED and AtomAI on the patches of `make benchmark-rvae`, for comparison.

They are used as their manuals say, pyroVED also with a Gaussian likelihood that is told the noise.
Two seeds only: a fit takes them minutes of a processor where ours takes half of one.
"""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from tests.benchmarks import stock_rvae, stock_unet
from tests.benchmarks import units as real
from tests.benchmarks.unit_scores import (
    LATENTS,
    PATCHES,
    SAMPLES,
    Array,
    Figures,
    Said,
    in_words,
    of_defects,
    of_motifs,
)
from tests.benchmarks.xray import say
from workers.assessment.units.descriptor import classes
from workers.training.motifs import GRAPHENE, SQUARE, Motifs, motifs

RIVALS = {
    "pyroved_shipped": "pyroVED as shipped",
    "pyroved_gaussian": "pyroVED, Gaussian",
    "atomai": "AtomAI",
}
PACKAGES = ("pyroved==0.3.0", "atomai==0.8.1", "six==1.17.0")  # AtomAI forgets to ask for six
ENVIRONMENT = stock_unet.ROOT / ".venv" / "unit-rivals"
SEEDS = (0, 1)
FITS = 2  # at a time
CLASSES = 3

# Half of their time would go into page faults if what they free were given back.
SURROUNDINGS = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    **dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**30)),
}


@dataclass(frozen=True)
class Patches:
    """A set of known truth; `noise` : of a pixel, what the Gaussian likelihood is told."""

    name: str
    truth: Motifs | real.Defects
    epochs: int
    noise: float
    seed: int

    @property
    def label(self) -> NDArray[np.int64]:
        return self.truth.label if isinstance(self.truth, Motifs) else self.truth.silicon


@dataclass(frozen=True)
class Answer:
    """Means and standard deviations of angles, latents, CPU seconds per epoch of a thousand."""

    angle: Array
    angle_sd: Array
    latents: Array
    seconds: float


def patches_of(seed: int) -> Iterator[Patches]:
    for name, kind in (("a", SQUARE), ("b", GRAPHENE)):
        made = motifs(kind, PATCHES, np.random.default_rng(2000 + seed))
        yield Patches(name, made, 60, 0.07, seed)
    yield Patches("silicon", real.defects(), 300, 0.06, seed)


def measured() -> tuple[Figures, list[str]]:
    """Figures of every rival, and a sentence for each that could not be measured."""
    try:
        python = stock_unet.environment(ENVIRONMENT, *PACKAGES)
    except LookupError as reason:
        return {}, [f"The rivals were not measured: {reason.args[0]}."]
    rows: dict[str, dict[int, list[Figures]]] = {name: {} for name in RIVALS}
    missing: list[str] = []
    with ThreadPoolExecutor(FITS) as pool:
        jobs = [
            (name, each, pool.submit(answer, python, name, each))
            for seed in SEEDS
            for each in patches_of(seed)
            for name in RIVALS
        ]
        for name, each, job in jobs:
            try:
                found = scored(each, job.result())
            except LookupError as reason:
                missing.append(f"{name}, {each.name}, seed {each.seed}: {reason.args[0]}.")
                continue
            say(f"{name} {in_words(found)}")
            rows[name].setdefault(each.seed, []).append(found)
    return summary(rows), missing


def answer(python: Path, name: str, each: Patches) -> Answer:
    """What rival `name` learns of patches; LookupError where it does not get to an end."""
    with TemporaryDirectory() as folder:
        given, found = Path(folder) / "patches.npy", Path(folder) / "found.npz"
        np.save(given, each.truth.patches)
        settings = map(str, (each.epochs, LATENTS, each.seed, each.noise))
        run = subprocess.run(
            [python, stock_rvae.__file__, name, given, found, *settings],
            cwd=folder,
            env=os.environ | SURROUNDINGS,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode < 0:
            raise LookupError("it was stopped before its end")
        if run.returncode:
            raise LookupError(run.stderr.strip().splitlines()[-1])
        with np.load(found) as held:
            angle, sd, latents = (
                held[key].astype(float) for key in ("angle", "angle_sd", "latents")
            )
            return Answer(angle, sd, latents, float(held["seconds"]))


def scored(each: Patches, told: Answer) -> Figures:
    """The same figures as ours."""
    noise = np.random.default_rng(each.seed).standard_normal((SAMPLES, len(told.angle)))
    label = _label(told.latents, each.label, each.seed)
    said = Said(told.angle, told.angle + told.angle_sd * noise, told.latents, label)
    if not isinstance(each.truth, Motifs):
        return of_defects(said, each.truth)
    found = of_motifs(each.name, said, each.truth)
    found["leakage"] = found[f"syn_{each.name}.leakage"]
    return found | {"speed.cpu_s_per_epoch_1000": told.seconds}


def _label(latents: Array, truth: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Classes from latents by k-means or a Gaussian mixture, whichever is nearer to the truth.

    An oracle that no user has, so that a rival is never weaker here than in use.
    """
    means = KMeans(CLASSES, n_init=10, random_state=seed).fit_predict(latents)
    both = (means, classes(latents, CLASSES, seed))
    return max(both, key=lambda label: adjusted_rand_score(truth, label))


def summary(rows: dict[str, dict[int, list[Figures]]]) -> Figures:
    """`rivals.<name>.<key>`, the median over seeds, and every seed beside it.

    Within a seed, figures that two sets of patches share are their mean.
    """
    figures: Figures = {}
    for name, seeds in rows.items():
        for key in sorted({key for sets in seeds.values() for each in sets for key in each}):
            values = {
                seed: float(np.mean([each[key] for each in sets if key in each]))
                for seed, sets in seeds.items()
                if any(key in each for each in sets)
            }
            stem = f"rivals.{name}.{key}"
            figures[stem] = float(np.median(list(values.values())))
            figures |= {f"{stem}.seed_{seed}": value for seed, value in values.items()}
    return figures
