"""A measured X-ray map to posterior samples and what to make of them, whoever draws the samples.

Wires reader output, physics, an estimator and assessment, and writes the run. `run` is the numerics
of `xray-ensemble`, declared in `recipes.xray_ensemble`; imported only by the worker that runs it.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers import device, store
from workers.assessment.answers import intervals
from workers.assessment.answers.finding import find_phases
from workers.assessment.answers.tally import Tally
from workers.assessment.census import FeatureCensus
from workers.assessment.evidence import Split, evidence_map, resolution_of_evidence, three_way
from workers.assessment.judgement import Scene
from workers.assessment.prior_free import prior_free_interval, prior_reliance
from workers.assessment.resolving import BEYOND, resolution_map
from workers.assessment.risk import FeatureRisk, visible_error
from workers.assessment.smooth import smooth_image
from workers.assessment.spread import Spread
from workers.measurement import Measurement
from workers.physics.operator_check import operator_check
from workers.physics.spectrum import fit_specimen
from workers.posteriors.posterior import CellPosterior
from workers.posteriors.shelf import NOTHING_KEPT, FolderShelf
from workers.recipes import checking, judging, words
from workers.recipes.estimator import Estimator, Loaded, Step, tile_of
from workers.recipes.problem import Problem, problem_of
from workers.run import Stopped
from workers.training.cards import XRAY, card
from workers.training.registry import load_ensemble

LEVEL = "0.9"  # of the interval shown


def _ensemble(problem: Problem, parameters: dict[str, Any]) -> Loaded:
    return Loaded(load_ensemble(problem.cell))


ENSEMBLE = Estimator("xray-ensemble", XRAY, "predicting with five networks", 0.45, _ensemble)


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Step,
    should_stop: Callable[[], bool],
    kept: Path | None = None,
) -> dict[str, Any]:
    """Carry out `xray-ensemble`; as `answer`."""
    return answer(
        ENSEMBLE,
        measurement,
        output,
        parameters,
        seed=seed,
        report=report,
        should_stop=should_stop,
        kept=kept,
    )


def tile(n: int, *args: Any, **kwargs: Any) -> None:
    """Tile `n` of `xray-ensemble`; as `recipes.estimator.tile_of`."""
    tile_of(ENSEMBLE, n, *args, **kwargs)


def answer(
    estimator: Estimator,
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Step,
    should_stop: Callable[[], bool],
    kept: Path | None = None,
) -> dict[str, Any]:
    """Carry out a recipe and write the run to `output`; returns its summary.

    The estimate is written as soon as it is there and each sample as it is drawn, so that a page
    can show them before the run is over. `kept`: where tiles lie that were worked before (`tile`);
    the run is the same to the last bit without them. Raises Stopped when told to stop and RunError
    for a map the recipe cannot answer for.
    """
    began = time.monotonic()

    # Aligning and trying an electron image takes about as long as a third of the rest.
    before = 0.25 if parameters.get("guide") else 0.0

    def step(stage: str, fraction: float) -> None:
        if should_stop():
            raise Stopped
        report(stage, before + (1 - before) * fraction if fraction else 0.0)

    step("reading the measurement", 0.0)
    problem = problem_of(store.read_measurement(measurement, Measurement), parameters)
    model = card(estimator.model)
    fitted = model["calibration"][f"{parameters['sampling']}.x{parameters['factor']}"]
    if before:
        step("aligning the electron image and trying it", 0.0)
    loaded = estimator.load(problem, parameters)
    posterior = loaded.model.posterior(
        *problem.asked,
        strict=parameters["strict"],
        progress=lambda share: step(estimator.stage, 0.02 + estimator.share * share),
        shelf=FolderShelf(kept) if kept else NOTHING_KEPT,
    )
    predicted = 0.02 + estimator.share
    with store.RunWriter(
        output,
        channels=problem.channels,
        measured_shape=problem.measurement.mask.shape,
        shape=posterior.shape,
        samples=parameters["samples"],
        provenance=_provenance(problem, measurement, parameters, seed, estimator),
    ) as writer:
        step("finding the estimate", predicted + 0.01)
        writer.image("mask", problem.measurement.mask.astype(np.uint8))
        writer.image("estimate", posterior.estimate[problem.shown].numpy())
        step("finding the smoothest consistent map", predicted + 0.02)
        picture = _picture(problem, posterior, parameters["strict"])
        step("writing the estimate", predicted + 0.09)
        _write_pictures(writer, problem, picture, fitted)

        def drawing(stage: str, share: float) -> None:
            first = predicted + 0.11
            step(stage, first + (0.9 - first) * share)

        draw = (parameters["samples"], torch.Generator().manual_seed(seed))
        tally = _tally(problem, picture)
        census, chi2 = _write_samples(writer, problem, posterior, picture, tally, *draw, drawing)
        answers = _write_answers(writer, tally, model, parameters)
        step("judging features", 0.9)
        calibration = FeatureRisk.from_card(model["feature_risk"][str(problem.factor)])
        table = judging.feature_table(census.shown(), picture.scene, calibration)
        writer.table("features", table)
        writer.table("missed", judging.missed_table(census.missed(), picture.scene))
        step("predicting half of the counts from the other half", 0.93)
        # Without an electron image: half of the counts are asked what they say by themselves.
        plain = estimator.load(problem, {**parameters, "guide": False}).model
        checks = checking.of_run(problem, picture.scene.smooth_mean.numpy(), plain, seed)
        step("writing the run", 0.97)
        checks |= loaded.told
        summary = _summary(problem, posterior, picture, chi2, table, parameters, estimator, checks)
        summary["answers"] = answers
        summary["verdict"] += [part["sentence"] for part in loaded.told.values()]
        summary["seconds"] = time.monotonic() - began
        writer.close(summary)
    return summary


@dataclass(frozen=True)
class Picture:
    """The estimate and what is known of it before any sample; channels `e` are those reported."""

    estimate: Tensor  # (e, H, W), counts
    smooth: Tensor  # (e, H, W), counts
    split: Split
    tau: Tensor  # (e,), counts: an error worth naming
    scene: Scene


def _picture(problem: Problem, posterior: CellPosterior[Any], strict: bool) -> Picture:
    fits = [
        fit_specimen(problem.forward, y.astype(np.float64), float(phi), problem.measurement.mask)
        for y, phi in zip(problem.y.numpy(), problem.factors[problem.shown], strict=True)
    ]
    noise, mask, forward = problem.noise, problem.mask, problem.forward
    estimate = posterior.estimate[problem.shown]
    smooth = smooth_image(problem.y, forward, noise, fits, mask, strict=strict)
    scene = Scene(
        forward, noise, fits, mask, posterior.std[problem.shown], forward.expected(smooth)
    )
    tau = visible_error(estimate, problem.fine_mask)
    return Picture(estimate, smooth, three_way(estimate, smooth, forward), tau, scene)


def _write_pictures(
    writer: store.RunWriter, problem: Problem, picture: Picture, fitted: dict[str, Any]
) -> None:
    """Every picture that needs no samples."""
    scene, estimate = picture.scene, picture.estimate
    spread = Spread.from_card(fitted)
    width = spread.halfwidth(LEVEL, estimate, scene.std)
    lower, upper = (estimate - width).clamp(min=0), estimate + width
    factors = scene.noise.variance_factor
    free = prior_free_interval(problem.y, scene.model, factors, float(LEVEL))
    evidence = (scene.smooth_mean, scene.model, factors, scene.fits, scene.mask)
    pictures = {
        "measured": problem.y,
        "std": scene.std,
        "lower": lower,
        "upper": upper,
        "risk": spread.pixel_risk(estimate, scene.std, picture.tau),
        "smooth": picture.smooth,
        "invented": picture.split.learned,
        "evidence": evidence_map(*evidence),
        "resolution": resolution_map(*evidence),
        "reliance": prior_reliance(upper - lower, *free),
        "residuals": problem.forward.residuals(estimate, problem.y, scene.noise, scene.mask),
    }
    for name, values in pictures.items():
        writer.image(name, values.numpy().astype(np.float32))


def _write_samples(
    writer: store.RunWriter,
    problem: Problem,
    posterior: CellPosterior[Any],
    picture: Picture,
    tally: Tally,
    count: int,
    generator: torch.Generator,
    drawing: Step,
) -> tuple[FeatureCensus, np.ndarray]:
    """Stream samples to the store, asking each for its features and phases; χ² is (k, e)."""
    # Weaker blobs than the posterior's own spread are not worth a line in a table.
    least = torch.maximum(picture.tau, picture.scene.std.mean(dim=(1, 2)))
    census = FeatureCensus(picture.estimate, least, problem.fine_mask)
    total = torch.zeros_like(picture.estimate)
    chi2 = np.empty((count, len(problem.shown)))
    for k, sample in enumerate(posterior.sample(count, generator)):
        drawing(f"drawing sample {k + 1} of {count}", k / count)
        chosen = sample[problem.shown]
        total += chosen
        census.add(chosen)
        tally.add(chosen.numpy())
        chi2[k] = problem.forward.chi2(chosen, problem.y, problem.noise, problem.mask).numpy()
        writer.sample(k, chosen.numpy())
    writer.image("mean", (total / count).numpy())
    return census, chi2


def _tally(problem: Problem, picture: Picture) -> Tally:
    """The phases of the estimate, no sample asked yet."""
    maps = picture.estimate.numpy(), picture.scene.std.numpy(), problem.fine_mask.numpy()
    return Tally(find_phases(*maps), *maps)


def _write_answers(
    writer: store.RunWriter, tally: Tally, model: dict[str, Any], parameters: dict[str, Any]
) -> dict[str, Any]:
    """Phases, their modes and compositions; what the summary says of them."""
    fitted = model.get("answers", {}).get(str(parameters["factor"]))
    factors = intervals.Factors.from_card(fitted) if fitted else None
    writer.image("phases", tally.probability())
    found = intervals.modes(tally, factors), intervals.compositions(tally, factors)
    writer.table("answers", intervals.table(*found))
    return {"phases": len(tally.phases), "calibration": fitted}


def _summary(
    problem: Problem,
    posterior: CellPosterior[Any],
    picture: Picture,
    chi2: np.ndarray,
    table: dict[str, np.ndarray],
    parameters: dict[str, Any],
    estimator: Estimator,
    checks: dict[str, Any],
) -> dict[str, Any]:
    model, sampling = card(estimator.model), parameters["sampling"]
    name = f"{sampling}.x{problem.factor}"
    fitted, figures = model["calibration"][name], model["figures"][name]
    check = operator_check(
        sampling,
        problem.factor,
        problem.y.numpy(),
        problem.factors[problem.shown],
        problem.measurement.mask,
    )
    area = int(problem.fine_mask.sum())
    per_channel = _per_channel(problem, posterior, picture, chi2, fitted)
    for element, count in judging.false_by_channel(table, problem.channels, area).items():
        per_channel[element]["false_per_1e4_px"] = count
    withdrawn = checking.withdrawn(per_channel, checks)
    fitted_risk = model["feature_risk"][str(problem.factor)]
    features = judging.summed_up(table, fitted_risk, area * len(problem.channels))
    risk_figures = model["feature_figures"][str(problem.factor)]
    return {
        "recipe": estimator.recipe,
        "factor": problem.factor,
        "sampling": sampling,
        "channels": list(problem.channels),
        "shape": list(posterior.shape),
        "verdict": words.verdict(
            problem.factor,
            per_channel,
            asdict(check),
            features,
            risk_figures["calibration_error"],
            checks,
        ),
        "per_channel": per_channel,
        "operator_check": asdict(check),
        "features": features,
        **checks,
        "withdrawn": withdrawn,
        "calibration": {
            **fitted,
            "held_out": figures,
            "feature_risk": risk_figures,
            "model": estimator.model,
            "curves": model.get("held_out", {}).get(name),
        },
        "equal_time": words.equal_time(problem.factor, sampling, card()["equal_time"]),
        "strict_cost": words.strict_cost(problem.factor, figures),
    }


def _per_channel(
    problem: Problem,
    posterior: CellPosterior[Any],
    picture: Picture,
    chi2: np.ndarray,
    fitted: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    scene = picture.scene
    chi2_mean = problem.forward.chi2(picture.estimate, problem.y, scene.noise, scene.mask)
    noise_share = _noise_share(posterior)[problem.shown]
    halfwidth = Spread.from_card(fitted).halfwidth(LEVEL, picture.estimate, scene.std)
    found: dict[str, dict[str, Any]] = {}
    for c, element in enumerate(problem.channels):
        shares = picture.split.shares[c].tolist()
        evidence = resolution_of_evidence(scene.model, scene.fits[c])
        found[element] = {
            "chi2_samples": float(chi2[:, c].mean()),
            "chi2_mean": float(chi2_mean[c]),
            "limited_by": "noise" if noise_share[c] > 0.5 else "resolution",
            "noise_share": float(noise_share[c]),
            "shares": dict(zip(("measured", "smooth", "learned"), shares, strict=True)),
            "tau": float(picture.tau[c]),
            "spread": float(posterior.spread[problem.shown[c]]),
            "interval_width": 2 * float(halfwidth[c].mean()),
            "resolution_of_evidence_px": evidence.half if evidence.half < BEYOND else None,
            "evidence": {"sizes": list(evidence.sizes), "shares": list(evidence.shares)},
        }
    return found


def _noise_share(posterior: CellPosterior[Any]) -> Tensor:
    """Share of each channel's predicted variance that lies in what was measured, `(c,)`.

    Above one half counting noise is what limits it: more counts would help more than finer steps.
    """
    if posterior.forward.name == "fine":
        return torch.ones(len(posterior.y))
    variance = posterior.prediction.sigma.square().mean(dim=(0, 3, 4))
    return variance[:, 0] / variance.sum(dim=1)


def _provenance(
    problem: Problem,
    measurement: Path,
    parameters: dict[str, Any],
    seed: int,
    estimator: Estimator,
) -> dict[str, Any]:
    source = problem.measurement
    return {
        "recipe": estimator.recipe,
        "recipe_version": "1",
        "parameters": parameters,
        "seed": seed,
        "factor": parameters["factor"],
        "forward_model": parameters["sampling"],
        "noise": {
            "model": "Poisson with a variance factor per channel",
            "variance_factor": dict(
                zip(problem.channels, problem.factors[problem.shown].tolist(), strict=True)
            ),
            "source": "variance over mean of neighbouring pixels in the flattest parts of the map",
        },
        "units": source.units,
        "pixel_size_um": source.pixel_size_um,
        "model": {"name": estimator.model, "weights": card(estimator.model)["weights"]},
        "measurement": {"content_hash": store.content_hash(measurement), **source.provenance},
        "libraries": {name: version(name) for name in ("torch", "numpy", "zarr", "scipy")},
        "device": device.named(),
    }
