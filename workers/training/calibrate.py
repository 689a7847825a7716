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

from workers.networks.cellnet import CellNet
from workers.physics import LinearForwardModel, PoissonNoise, forward_model
from workers.posteriors.cells import cell_basis, interpolate, predict, prepare
from workers.posteriors.ensemble import Ensemble, EnsemblePosterior
from workers.posteriors.residual import fit_kernel

OPERATORS = ("binned", "point", "line", "psf")
LEVELS = (0.5, 0.8, 0.9, 0.95)
SURVIVAL_AT = np.linspace(0.0, 8.0, 33)  # |error| / std


@dataclass(frozen=True)
class Specimen:
    """One simulated measurement of a scene nobody trained on: counts `y` and `truth`."""

    y: np.ndarray  # (e, h, w) float32 counts
    truth: np.ndarray  # (e, H, W) counts per measured dwell
    forward: LinearForwardModel

    def posterior(self, ensemble: Ensemble, strict: bool = False) -> EnsemblePosterior:
        mask = np.ones(self.y.shape[1:], bool)
        noise = PoissonNoise(torch.ones(len(self.y)))
        return EnsemblePosterior(ensemble, self.y, mask, self.forward, noise, strict=strict)


def specimens(folder: Path, name: str, factor: int, seed: int) -> Iterator[Specimen]:
    """Every scene measured once by this operator, at a dose drawn as in training."""
    forward = forward_model(name, factor)
    for n, file in enumerate(sorted(folder.glob("*.npz"))):
        rng = np.random.default_rng([seed, n, factor])
        with np.load(file, allow_pickle=False) as archive:
            rate = archive["rate"]
        dose = np.exp(rng.uniform(np.log(1 / 16), np.log(max(factor, 1.5) ** 2)))
        truth = (rate * dose).astype(np.float32)
        mean = forward.expected(torch.from_numpy(truth)).clamp(min=0).numpy()
        yield Specimen(rng.poisson(mean).astype(np.float32), truth, forward)


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


def interval_factors(scores: list[np.ndarray]) -> dict[str, float]:
    """Factor on the standard deviation for each level, by conformal risk control over specimens.

    The smallest λ with n/(n+1) · R̂(λ) + 1/(n+1) ≤ α, where R̂ is the mean over specimens of the
    share of pixels outside ± λ std (Angelopoulos et al., Conformal Risk Control, 2024).
    """
    n, grid = len(scores), np.linspace(0.05, 12.0, 2400)
    outside = np.mean([1 - np.searchsorted(np.sort(s), grid) / len(s) for s in scores], axis=0)
    bound = n / (n + 1) * outside + 1 / (n + 1)
    found = {
        level: grid[np.argmax(bound <= 1 - level)] for level in LEVELS if 1 / (n + 1) < 1 - level
    }
    return {f"{level:g}": float(value) for level, value in found.items()}


def scores_of(posterior: EnsemblePosterior, truth: np.ndarray) -> np.ndarray:
    """|error| over standard deviation of every fifth pixel, flat float32."""
    error = np.abs(posterior.estimate.numpy() - truth) / posterior.std.numpy()
    return error.reshape(-1)[::5].astype(np.float32)


def psnr(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Mean over elements of the PSNR against noise-free truth, range = its 99.9th percentile."""
    spread = np.quantile(truth, 0.999, axis=(1, 2))
    mse = np.mean((estimate - truth) ** 2, axis=(1, 2)) / np.maximum(spread, 1e-6) ** 2
    return float(np.mean(-10 * np.log10(mse)))


def calibrate_task(ensemble: Ensemble, found: Iterator[Specimen]) -> dict[str, Any]:
    """What is fitted for one operator and factor."""
    scores = [scores_of(s.posterior(ensemble), s.truth) for s in found]
    pooled = np.sort(np.concatenate(scores))
    survival = 1 - np.searchsorted(pooled, SURVIVAL_AT) / len(pooled)
    return {
        "interval": interval_factors(scores),
        "survival": {"at": SURVIVAL_AT.tolist(), "share": np.round(survival, 5).tolist()},
        "specimens": len(scores),
    }


def figures_of_task(
    ensemble: Ensemble, found: Iterator[Specimen], fitted: dict[str, Any]
) -> dict[str, Any]:
    """Held-out figures of one operator and factor: accuracy, coverage, chi-square, strict cost."""
    rows = []
    for s in found:
        posterior = s.posterior(ensemble)
        scores = scores_of(posterior, s.truth)
        sample = next(iter(posterior.sample(1, torch.Generator().manual_seed(1))))
        chi2 = posterior.noise.chi2(s.forward.expected(sample), torch.from_numpy(s.y))
        strict = s.posterior(ensemble, strict=True).estimate.numpy()
        rows.append(
            {
                "psnr_db": psnr(posterior.estimate.numpy(), s.truth),
                "bicubic_psnr_db": psnr(bicubic(s), s.truth),
                "strict_psnr_db": psnr(strict, s.truth),
                "chi2_samples": float(chi2.mean()),
                **{
                    f"coverage_{k}": float((scores <= v).mean())
                    for k, v in fitted["interval"].items()
                },
            }
        )
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    worst = float(np.min([row["coverage_0.9"] for row in rows]))
    return {**{k: round(v, 3) for k, v in means.items()}, "coverage_0.9_worst": round(worst, 3)}


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


def training_log(folder: Path, cell: int) -> list[str]:
    """The last line each member printed: its steps and its error on training scenes."""
    logs = sorted(folder.glob(f"c{cell}m*.log"))
    return [re.sub(r" \d+ s$", "", log.read_text().strip().splitlines()[-1]) for log in logs]


def digest(folder: Path) -> str:
    """One SHA-256 over all scenes of a folder, in order."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.npz")):
        with np.load(file, allow_pickle=False) as archive:
            total.update(archive["rate"].tobytes())
    return total.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("members", "training", "calibration", "test", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    ensembles, card = {}, {"calibration": {}, "figures": {}, "weights": {}, "members": {}}
    for cell in (2, 4, 8):
        members = load_members(given.members, cell)
        kernels = {
            name: residual_kernel(members, list(specimens(given.calibration, name, factor, 11)))
            for name, factor in tasks(cell)
        }
        tensors = {f"residual.{name}": kernel.half() for name, kernel in kernels.items()}
        for m, net in enumerate(members):
            tensors |= {
                f"member{m}.{k}": v.half().contiguous() for k, v in net.state_dict().items()
            }
        file = given.output / f"cell{cell}.safetensors"
        save_file(tensors, file)
        card["weights"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        card["members"][f"cell{cell}"] = training_log(given.members, cell)
        ensembles[cell] = Ensemble(tuple(members), kernels)
        for name, factor in tasks(cell):
            key = f"{name}.x{factor}"
            fitted = calibrate_task(ensembles[cell], specimens(given.calibration, name, factor, 12))
            card["calibration"][key] = fitted
            card["figures"][key] = figures_of_task(
                ensembles[cell], specimens(given.test, name, factor, 21), fitted
            )
            print(key, card["figures"][key], flush=True)  # noqa: T201  a command's output
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


if __name__ == "__main__":
    main()
