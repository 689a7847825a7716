"""Put members together, calibrate them on scenes they never saw, and write the model's card.

`python -m workers.training.calibrate --members DIR --calibration DIR --test DIR --output DIR`

Three sets of scenes: members were trained on the first, residual kernels, interval factors, the
error distribution and the feature risk are fitted on `--calibration`, and every figure on the card
is measured on `--test`. A scene is a specimen: nothing is split by pixel.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from workers.assessment.census import FeatureCensus
from workers.assessment.features import present
from workers.assessment.judgement import Scene, judge
from workers.assessment.risk import fit_feature_risk, green_limit, visible_error
from workers.assessment.scores import auroc, fair_crps, probability_error
from workers.assessment.smooth import smooth_image
from workers.assessment.spread import Spread, strata
from workers.networks.cellnet import CellNet
from workers.physics import CellModel, PoissonNoise, PsfModel, forward_model
from workers.physics.spectrum import fit_specimen
from workers.posteriors.cells import cell_basis, interpolate, predict, prepare
from workers.posteriors.ensemble import Ensemble
from workers.posteriors.posterior import CellPosterior, Model
from workers.posteriors.residual import fit_kernel
from workers.training.registry import load_weights

OPERATORS = ("binned", "point", "line", "psf")
SIDE = 128  # fine pixels along the side of a specimen
ELEMENTS = 6
SAMPLES = 16
SCORED_SAMPLES = 8
FEATURE_SPECIMENS = 12
ALPHA = 0.2  # false share promised for a green list


@dataclass(frozen=True)
class Specimen:
    """One simulated measurement of a scene nobody trained on: counts `y` and `truth`."""

    y: np.ndarray  # (e, h, w) float32 counts
    truth: np.ndarray  # (e, H, W) counts per measured dwell
    forward: CellModel | PsfModel

    def posterior(self, model: Model) -> CellPosterior[Any]:
        mask = np.ones(self.y.shape[1:], bool)
        noise = PoissonNoise(torch.ones(len(self.y)))
        return model.posterior(self.y, mask, self.forward, noise)


def specimens(folder: Path, name: str, factor: int, seed: int) -> Iterator[Specimen]:
    """Every scene measured once by this operator, at a dose drawn as in training."""
    forward = forward_model(name, factor)
    for n, file in enumerate(sorted(folder.glob("*.npz"))):
        rng = np.random.default_rng([seed, n, factor])
        with np.load(file, allow_pickle=False) as archive:
            yield mapped(archive["rate"], forward, rng)


def mapped(
    rate: np.ndarray, forward: CellModel | PsfModel, rng: np.random.Generator, side: int = SIDE
) -> Specimen:
    """A part of a scene (c, H, W), some of its elements, at a dose drawn as in training."""
    top, left = rng.integers(0, rate.shape[1] - side + 1, 2)
    chosen = rng.permutation(len(rate))[:ELEMENTS]
    dose = np.exp(rng.uniform(np.log(1 / 16), np.log(max(forward.factor, 1.5) ** 2)))
    truth = rate[chosen, top : top + side, left : left + side] * np.float32(dose)
    mean = forward.expected(torch.from_numpy(truth)).clamp(min=0).numpy()
    return Specimen(rng.poisson(mean).astype(np.float32), truth, forward)


def tasks(cell: int) -> list[tuple[str, int]]:
    """The (operator, factor) pairs the networks of this cell size serve."""
    fine = [("fine", 1)] if cell == 2 else []
    return fine + [(name, cell) for name in OPERATORS]


@torch.inference_mode()
def residual_kernel(members: list[CellNet], found: list[Specimen]) -> Tensor:
    """Kernel of the whitened residuals of single members on held-out specimens."""
    whitened = []
    for n, s in enumerate(found):
        cells = prepare(torch.from_numpy(s.y)[None], s.forward, torch.ones(1, len(s.y), 1, 1))
        mean, sigma = predict(members[n % len(members)], cells)
        target = cell_basis(s.forward).to_coefficients(torch.from_numpy(s.truth)[None])
        # Beyond six sigma a residual says that the spread was wrong, not how it is correlated.
        whitened += list(((target - mean) / sigma).clamp(-6, 6)[0])
    return fit_kernel(whitened).float()


def scores_of(posterior: CellPosterior[Any], truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """|error| over standard deviation of every fifth pixel, flat float64, and their strata."""
    error = np.abs(posterior.estimate.numpy() - truth) / posterior.std.numpy()
    places = strata(posterior.estimate, posterior.std).numpy()
    return error.reshape(-1)[::5].astype(np.float64), places.reshape(-1)[::5]


def psnr(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Mean over elements of the PSNR against noise-free truth, range = its 99.9th percentile."""
    spread = np.quantile(truth, 0.999, axis=(1, 2))
    mse = np.mean((estimate - truth) ** 2, axis=(1, 2)) / np.maximum(spread, 1e-6) ** 2
    return float(np.mean(-10 * np.log10(mse)))


def calibrate_task(model: Model, found: Iterator[Specimen]) -> dict[str, Any]:
    """What is fitted for one operator and factor."""
    scores, places = zip(*(scores_of(s.posterior(model), s.truth) for s in found), strict=True)
    return {**Spread.of(scores, places).to_card(), "specimens": len(scores)}


def crps(samples: np.ndarray, truth: np.ndarray) -> float:
    """Fair CRPS over the range of each element, mean over elements; samples `(k, e, H, W)`."""
    spread = np.maximum(np.quantile(truth, 0.999, axis=(1, 2)), 1e-6)[:, None, None]
    each = zip((samples / spread).swapaxes(0, 1), truth / spread, strict=True)
    return float(np.mean([fair_crps(x.astype(float), t.astype(float)) for x, t in each]))


def figures_of_task(
    model: Model, found: Iterator[Specimen], fitted: dict[str, Any]
) -> dict[str, float]:
    """Held-out figures of one operator and factor: accuracy, coverage, χ², CRPS, strict mode."""
    rows = []
    spread = Spread.from_card(fitted)
    for s in found:
        posterior = s.posterior(model)
        scores, places = scores_of(posterior, s.truth)
        drawn = list(posterior.sample(SCORED_SAMPLES, torch.Generator().manual_seed(1)))
        chi2 = posterior.noise.chi2(s.forward.expected(drawn[0]), torch.from_numpy(s.y))
        row = {
            "psnr_db": psnr(posterior.estimate.numpy(), s.truth),
            "bicubic_psnr_db": psnr(bicubic(s), s.truth),
            "strict_psnr_db": psnr(posterior.strictly().estimate.numpy(), s.truth),
            "chi2_samples": float(chi2.mean()),
            "crps": crps(torch.stack(drawn).numpy(), s.truth),
        }
        for level, factors in spread.intervals.items():
            row[f"coverage_{level}"] = float((scores <= np.array(factors)[places]).mean())
        rows.append(row)
    means = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
    return {**means, "coverage_0.9_worst": round(min(row["coverage_0.9"] for row in rows), 3)}


@dataclass(frozen=True)
class Judged:
    """Features of several specimens: covariates (n, 4), the event, and where each comes from."""

    covariates: np.ndarray
    absent: np.ndarray
    specimen: np.ndarray
    amplitude: np.ndarray  # relative to the range of its channel: the simple baseline


def judged_features(model: Model, found: list[Specimen]) -> Judged:
    """Features of the estimates, asked of the samples as a run does and then of the truth."""
    parts = []
    for n, s in enumerate(found):
        posterior = s.posterior(model)
        y, mask, noise = posterior.y, posterior.mask, posterior.noise
        fits = [fit_specimen(s.forward, one.astype(np.float64), 1.0, mask.numpy()) for one in s.y]
        smooth = smooth_image(y, s.forward, noise, fits, mask)
        fine = torch.ones(posterior.shape, dtype=torch.bool)
        tau = visible_error(posterior.estimate, fine)
        least = torch.maximum(tau, posterior.std.mean(dim=(1, 2)))
        census = FeatureCensus(posterior.estimate, least, fine)
        for sample in posterior.sample(SAMPLES, torch.Generator().manual_seed(n)):
            census.add(sample)
        counted = census.shown()
        scene = Scene(s.forward, noise, fits, mask, posterior.std, s.forward.expected(smooth))
        covariates = judge(counted, scene).covariates()
        absent = ~present(counted.features, torch.from_numpy(s.truth))
        relative = np.abs(counted.features.amplitude) / tau.numpy()[counted.features.channel]
        parts.append((covariates, absent, np.full(len(absent), n), relative))
    return Judged(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def feature_risk(
    model: Model, calibration: list[Specimen], test: list[Specimen]
) -> tuple[dict[str, Any], dict[str, float]]:
    """Feature risk fitted on one set of specimens, and how it does on another."""
    fit, held_out = judged_features(model, calibration), judged_features(model, test)
    risk = fit_feature_risk(fit.covariates, fit.absent, fit.specimen)
    limit = green_limit(risk.probability(fit.covariates), fit.absent, fit.specimen, ALPHA)
    probability = risk.probability(held_out.covariates)
    green = probability <= limit
    figures = {
        "features": len(probability),
        "absent_share": float(held_out.absent.mean()),
        "auroc": auroc(probability, held_out.absent),
        "auroc_amplitude": auroc(-held_out.amplitude, held_out.absent),
        "calibration_error": probability_error(probability, held_out.absent),
        "green_share": float(green.mean()),
        "green_false_share": float(held_out.absent[green].mean()) if green.any() else 0.0,
    }
    card = {**risk.to_card(), "green_limit": limit, "alpha": ALPHA}
    return card, {key: round(value, 4) for key, value in figures.items()}


def bicubic(s: Specimen) -> np.ndarray:
    """The simple baseline: interpolation aligned to the operator; the map itself at ×1."""
    if s.forward.factor == 1:
        return s.y
    y = torch.from_numpy(s.y)[:, None]
    return interpolate(y, s.forward.name, s.forward.factor)[:, 0].clamp(min=0).numpy()


def equal_time(ensembles: dict[int, Ensemble], folder: Path, factor: int) -> dict[str, float]:
    """PSNR of a coarse scan and of a fine scan of the same total time, on the same specimens."""
    coarse, fine = [], []
    for n, s in enumerate(specimens(folder, "binned", factor, seed=31)):
        rng = np.random.default_rng([32, n, factor])
        short = rng.poisson(s.truth / factor**2).astype(np.float32)
        denoised = Specimen(short, s.truth / factor**2, forward_model("fine", 1))
        coarse.append(psnr(s.posterior(ensembles[factor]).estimate.numpy(), s.truth))
        fine.append(psnr(denoised.posterior(ensembles[2]).estimate.numpy(), denoised.truth))
    key = f"x{factor}"
    return {f"{key}_coarse_db": float(np.mean(coarse)), f"{key}_fine_db": float(np.mean(fine))}


def load_members(folder: Path, cell: int) -> list[CellNet]:
    members = []
    for file in sorted(folder.glob(f"c{cell}m*.safetensors")):
        net = CellNet(cell)
        net.load_state_dict({k: v.float() for k, v in load_file(file).items()})
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        members.append(net.eval().requires_grad_(False))
    return members


def training_log(folder: Path, name: str) -> list[str]:
    """The last line each training printed: its steps and its error on training scenes."""
    logs = sorted(folder.glob(f"{name}.log"))
    return [re.sub(r" \d+ s$", "", log.read_text().strip().splitlines()[-1]) for log in logs]


def digest(folder: Path) -> str:
    """One SHA-256 over all scenes of a folder, in order."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.npz")):
        with np.load(file, allow_pickle=False) as archive:
            total.update(archive["rate"].tobytes())
    return total.hexdigest()


def assemble(cell: int, given: argparse.Namespace) -> tuple[Ensemble, dict[str, Any]]:
    """Members and residual kernels of one cell size, written as one weights file."""
    members = load_members(given.members, cell)
    kernels = {
        name: residual_kernel(members, list(specimens(given.calibration, name, factor, 11)))
        for name, factor in tasks(cell)
    }
    tensors = {f"residual.{name}": kernel.half() for name, kernel in kernels.items()}
    for m, net in enumerate(members):
        tensors |= {f"member{m}.{k}": v.half().contiguous() for k, v in net.state_dict().items()}
    file = given.output / f"cell{cell}.safetensors"
    save_file(tensors, file)
    part = {
        "weights": {file.name: hashlib.sha256(file.read_bytes()).hexdigest()},
        "members": {f"cell{cell}": training_log(given.members, f"c{cell}m*")},
    }
    return Ensemble(tuple(members), kernels), part


def calibrate(model: Model, cell: int, calibration: Path, test: Path) -> dict[str, Any]:
    """Everything on a card about one cell size that is measured: fitted on one set of scenes,
    figures from the other."""
    part: dict[str, Any] = {
        key: {} for key in ("calibration", "figures", "feature_risk", "feature_figures")
    }
    for name, factor in tasks(cell):
        key = f"{name}.x{factor}"
        fitted = calibrate_task(model, specimens(calibration, name, factor, 12))
        part["calibration"][key] = fitted
        part["figures"][key] = figures_of_task(model, specimens(test, name, factor, 21), fitted)
        print(key, part["figures"][key], flush=True)  # noqa: T201  a command's output
        if name in ("fine", "binned"):
            sets = (
                list(specimens(folder, name, factor, seed))[:FEATURE_SPECIMENS]
                for folder, seed in ((calibration, 13), (test, 22))
            )
            risk, figures = feature_risk(model, *sets)
            part["feature_risk"][str(factor)], part["feature_figures"][str(factor)] = risk, figures
            print(key, figures, flush=True)  # noqa: T201  a command's output
    return part


def finish(given: argparse.Namespace) -> None:
    """One card from the parts, with the comparison at equal beam time and the hashes of data."""
    card: dict[str, Any] = {
        "licence": "BSD-3-Clause",
        "trained_on": "synthetic scenes of workers.training.scenes and nothing else",
        "seeds": "1000 · cell + seed; see the lines of the members",
    }
    history = given.members / "history.txt"  # where it did not all come from one training
    if history.exists():
        card["history"] = history.read_text().strip()
    for cell in (2, 4, 8):
        part = json.loads((given.output / f"part{cell}.json").read_text())
        for key, value in part.items():
            card.setdefault(key, {}).update(value)
    ensembles = {
        cell: load_weights(given.output / f"cell{cell}.safetensors", cell) for cell in (2, 4)
    }
    card["equal_time"] = {
        key: round(value, 2)
        for factor in (2, 4)
        for key, value in equal_time(ensembles, given.test, factor).items()
    }
    card["scenes"] = {
        name: {"count": len(list(folder.glob("*.npz"))), "sha256": digest(folder)}
        for name, folder in (
            ("training", given.training),
            ("calibration", given.calibration),
            ("test", given.test),
        )
    }
    (given.output / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("members", "training", "calibration", "test", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cell", type=int, help="only this cell size; without it, finish the card")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    if given.cell is None:
        finish(given)
    else:
        ensemble, part = assemble(given.cell, given)
        part |= calibrate(ensemble, given.cell, given.calibration, given.test)
        (given.output / f"part{given.cell}.json").write_text(json.dumps(part, indent=1) + "\n")


if __name__ == "__main__":
    main()
