"""What a run checks of itself: whether it predicts counts it has not seen, and knows the material.

Both can only withdraw a claim. Neither sees detail finer than a measured pixel.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from workers.assessment.familiarity import describe
from workers.assessment.smooth import smooth_image
from workers.assessment.thinning import score, thin
from workers.networks.cellnet import CellNet
from workers.physics import PoissonNoise
from workers.physics.spectrum import fit_specimen
from workers.posteriors.flow import DisagreementError
from workers.posteriors.posterior import Model
from workers.recipes.problem import Problem
from workers.training.cards import XRAY, card
from workers.training.registry import load_ensemble, load_familiar

CROP = 384  # fine pixels along the part that is predicted from half its counts
DRAWS = 8
AGREES = (0.85, 1.15)  # χ² of posterior samples of a map whose noise is understood


def of_run(problem: Problem, smooth_mean: np.ndarray, model: Model, seed: int) -> dict[str, Any]:
    """Both checks, as the summary keeps them."""
    return {
        "thinning": data_only(problem, smooth_mean, model, seed),
        "material": material(problem),
    }


def data_only(problem: Problem, smooth_mean: np.ndarray, model: Model, seed: int) -> dict[str, Any]:
    """Predict half of the counts from the other half, on a part of the map if it is large.

    `smooth_mean`: expected counts of the channels shown, `(e, h, w)`. Returns what the summary
    says: `checks` per channel, or a `reason` why none could be made.
    """
    part, mean = _part(problem, smooth_mean)
    counts = part.measurement.values
    if not np.array_equal(counts, np.rint(counts)):
        return {"reason": "The values of this map are not whole counts, so they cannot be split."}
    if not part.measurement.mask.any():
        return {"reason": "The middle of this map was not measured, so nothing there can be split."}
    rng = np.random.default_rng([seed, 7])
    expected = np.maximum(counts, 0.5).astype(np.float64)
    expected[part.shown] = mean
    pairs = zip(counts.astype(np.int64), expected, part.factors.tolist(), strict=True)
    first = np.stack([thin(*each, rng) for each in pairs]).astype(np.float32)
    half = replace(part, measurement=replace(part.measurement, values=first))
    second = torch.from_numpy(counts - first)[part.shown]
    forward, noise, mask = half.forward, half.noise, half.mask
    posterior = model.posterior(*half.asked)
    try:
        draws = [
            forward.expected(sample[half.shown])
            for sample in posterior.sample(DRAWS, torch.Generator().manual_seed(seed))
        ]
    except DisagreementError:
        return {"reason": "Samples from half of the counts contradict that half themselves."}
    fits = [
        fit_specimen(forward, y.astype(np.float64), float(phi), half.measurement.mask)
        for y, phi in zip(half.y.numpy(), half.factors[half.shown], strict=True)
    ]
    others = (forward.expected(smooth_image(half.y, forward, noise, fits, mask)), half.y)
    prediction = forward.expected(posterior.estimate[half.shown])
    found = score(second, draws, prediction, others, noise, mask)
    return {
        "pixels": int(mask.sum()),
        "checks": {
            element: {**asdict(check), "failure": check.failure}
            for element, check in zip(half.channels, found, strict=True)
        },
    }


def material(problem: Problem) -> dict[str, Any] | None:
    """How strange the map looks beside the training scenes; None where the card does not say."""
    task = f"{problem.forward.name}.x{problem.factor}"
    figures = card(XRAY).get("familiarity", {}).get(task)
    if figures is None:
        return None
    net: CellNet = load_ensemble(problem.cell).members[0]
    noise = PoissonNoise(torch.from_numpy(problem.factors))
    y = torch.from_numpy(problem.measurement.values)
    described = describe(net, y, problem.forward, noise.variance_factor)
    by_element = np.median(load_familiar(task).distance(described), axis=0)
    distance = float(np.median(load_familiar(task).distance(described)))
    shown = by_element[problem.shown].tolist()
    return {
        **figures,
        "distance": distance,
        "by_element": dict(zip(problem.channels, shown, strict=True)),
        "known": distance <= figures["limit"],
    }


def withdrawn(
    channels: Mapping[str, Mapping[str, Any]], checks: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Why the calibration is no promise for an element: by element, empty where it may stand."""
    found: dict[str, list[str]] = {}
    taught = ["network"] if "network" in checks else []
    halves, known = checks["thinning"].get("checks", {}), checks["material"]
    for element, said in channels.items():
        reasons = [*taught]
        if known is not None and not known["known"]:
            reasons.append("material")
        if not AGREES[0] <= said["chi2_samples"] <= AGREES[1]:
            reasons.append("chi2")
        if element in halves and halves[element]["failure"]:
            reasons.append("thinning")
        found[element] = reasons
    return found


def _part(problem: Problem, mean: np.ndarray) -> tuple[Problem, np.ndarray]:
    """The middle of a large map, its sides even so that pairs of rows stay pairs."""
    side = CROP // problem.factor
    height, width = mean.shape[-2:]
    rows, columns = _middle(height, side), _middle(width, side)
    whole = problem.measurement
    cut = replace(
        whole,
        values=np.ascontiguousarray(whole.values[:, rows, columns]),
        mask=np.ascontiguousarray(whole.mask[rows, columns]),
        guide=None,
    )
    return replace(problem, measurement=cut), mean[:, rows, columns]


def _middle(size: int, side: int) -> slice:
    if size <= side:
        return slice(0, size)
    start = (size - side) // 4 * 2
    return slice(start, start + side)
