"""How often a model is right, as curves: what the appendix of a run's page draws.

`python -m workers.training.held_out --test DIR --model NAME`

Measured on scenes (`workers.training.scenes`) that neither trained nor calibrated the model; a
scene is a specimen. Written into the model's card as `held_out`, after every operator: coverage of
each interval by stratum, the rank of the truth among samples, TARP with its control, and how many
features of each stated risk were absent.
"""

import argparse
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.assessment.risk import FeatureRisk
from workers.assessment.scores import rank_histogram
from workers.assessment.smooth import smooth_image
from workers.assessment.spread import Spread
from workers.assessment.tarp import tarp, tarp_control
from workers.physics import PoissonNoise
from workers.physics.spectrum import fit_specimen
from workers.posteriors.posterior import Model
from workers.training.calibrate import SAMPLES, Specimen, judged_features, specimens
from workers.training.cards import MODELS
from workers.training.registry import LOADERS

# What maps are measured with most; the others share networks and card figures of their own.
TASKS = (("binned", 4), ("fine", 1), ("binned", 2), ("binned", 8))
SPECIMENS = 20
RISKS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)  # edges of the bins of stated risk
TARP_BINS = 10
FLAT, EDGE = 0.5, 0.9  # quantiles of the truth's gradient below and above which places lie
FEW = 5.0  # counts per measured dwell


def true_strata(truth: np.ndarray) -> dict[str, np.ndarray]:
    """Which pixels of a truth `(e, H, W)` lie in each stratum, by what the truth is like there."""
    slope = np.hypot(*np.gradient(truth, axis=(1, 2)))
    flat, edge = np.quantile(slope, [FLAT, EDGE], axis=(1, 2), keepdims=True)
    return {
        "all": np.ones_like(truth, bool),
        "flat": slope <= flat,
        "edge": slope >= edge,
        "few counts": truth < FEW,
    }


def smooth_of(specimen: Specimen) -> Tensor:
    """TARP's reference: it depends on the counts and on no sample."""
    y, forward = torch.from_numpy(specimen.y), specimen.forward
    mask = torch.ones(y.shape[1:], dtype=torch.bool)
    fits = [fit_specimen(forward, one.astype(np.float64), 1.0, mask.numpy()) for one in specimen.y]
    return smooth_image(y, forward, PoissonNoise(torch.ones(len(y))), fits, mask)


def held_out(model: Model, found: list[Specimen], spread: Spread) -> dict[str, Any]:
    """Coverage by stratum, ranks and TARP of one operator and factor; specimens weigh the same."""
    covered: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    ranks, places, controls = [], [], []
    for n, s in enumerate(found):
        posterior = s.posterior(model)
        error = np.abs(posterior.estimate.numpy() - s.truth)
        for level in spread.intervals:
            inside = error <= spread.halfwidth(level, posterior.estimate, posterior.std).numpy()
            for name, where in true_strata(s.truth).items():
                if where.any():
                    covered[name][level].append(float(inside[where].mean()))
        drawn = list(posterior.sample(SAMPLES, torch.Generator().manual_seed(n)))
        rng, chance = np.random.default_rng(n), torch.Generator().manual_seed(n)
        stacked = torch.stack(drawn).numpy()[..., ::3, ::3].astype(np.float64)
        ranks.append(rank_histogram(stacked, s.truth[:, ::3, ::3].astype(np.float64), rng))
        truth, reference = torch.from_numpy(s.truth), smooth_of(s)
        places.append(tarp(drawn, truth, reference, chance))
        controls.append(tarp_control(drawn, reference, chance))
    histograms = [np.histogram(p, TARP_BINS, (0, 1))[0] / len(p) for p in places]
    return {
        "specimens": len(found),
        "strata": {
            name: {level: _mean(shares) for level, shares in levels.items()}
            for name, levels in covered.items()
        },
        "worst_0.9": round(min(covered["all"]["0.9"]), 4),
        "ranks": np.mean(ranks, axis=0).round(5).tolist(),
        "tarp": {
            "histogram": np.mean(histograms, axis=0).round(5).tolist(),
            "mean": _mean([float(p.mean()) for p in places]),
            "control": _mean([float(p.mean()) for p in controls]),
        },
    }


def reliability(model: Model, found: list[Specimen], risk: FeatureRisk) -> list[dict[str, float]]:
    """How many features of each stated risk the truth lacked; bins without features left out."""
    judged = judged_features(model, found)
    stated = risk.probability(judged.covariates)
    bins = []
    for low, high in pairwise(RISKS):
        inside = (stated > low) & (stated <= high)
        if inside.any():
            absent = int(judged.absent[inside].sum())
            mean = round(float(stated[inside].mean()), 4)
            counts = {"count": int(inside.sum()), "absent": absent}
            bins.append({"low": low, "high": high, "stated": mean, **counts})
    return bins


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--model", required=True, help="a folder of workers/models")
    given = parser.parse_args()
    card_file = MODELS / given.model / "card.json"
    fitted = json.loads(card_file.read_text())
    for name, factor in TASKS:
        key = f"{name}.x{factor}"
        if key not in fitted["calibration"]:
            continue
        model = LOADERS[given.model](max(factor, 2), given.model)
        found = list(specimens(given.test, name, factor, seed=81))[:SPECIMENS]
        figures = held_out(model, found, Spread.from_card(fitted["calibration"][key]))
        risk = FeatureRisk.from_card(fitted["feature_risk"][str(factor)])
        figures["reliability"] = reliability(model, found, risk)
        print(key, figures, flush=True)  # noqa: T201  a command's output
        card = json.loads(card_file.read_text())
        card.setdefault("held_out", {})[key] = figures
        card_file.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
