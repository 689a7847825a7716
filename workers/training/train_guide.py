"""Train how far to believe an electron image, on synthetic minerals and deliberately bad guides.

`python -m workers.training.train_guide --cell 4 --seed 0 --steps 6000 --rates 2e-3 2e-5
--scenes DIR --output FILE`

The regression is the first member of the shipped ensemble, as it is; `--scenes` must be scenes it
was *not* trained on. A guide in a laboratory is displaced, sharper or softer than the map, shaded,
and blind to some elements, so in training it is warped by up to `FARTHEST` fine pixels, blurred,
bent, inverted, shaded, scratched, and at times that of another rock.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from workers.networks.guidenet import GuideNet
from workers.posteriors.cells import Seen, cell_basis, in_counts, prepare, see
from workers.posteriors.guided.detail import contrast, explained_detail, standardised
from workers.posteriors.guided.registration import warp
from workers.training.descent import descend, on_device, square_weights
from workers.training.distributed import Shown, is_first, part_of, processes
from workers.training.registry import load_ensemble
from workers.training.train import CROP_CELLS, MAPS_PER_STEP, measure
from workers.training.train_flow import precision

FARTHEST = 1.5  # fine pixels, root mean square: what registration may leave
FOREIGN = 0.1  # share of guides that show another place
OPERATORS = {"binned": 0.7, "point": 0.2, "line": 0.1}
DOSES = (1 / 40, 2.0)  # counts of a coarse pixel over those of a scene's fine one, per cell²


class GuidedScenes:
    """Synthetic scenes in memory: `maps[i]` is (c + 1, H, W), counts and last the guide."""

    def __init__(self, folder: Path) -> None:
        self.maps: list[Tensor] = []
        for file in sorted(folder.glob("scene-*.npz")):
            with np.load(file, allow_pickle=False) as archive:
                if "guide" in archive:
                    both = np.concatenate([archive["rate"], archive["guide"][None]])
                    self.maps.append(torch.from_numpy(both))
        if not self.maps:
            raise SystemExit(f"No scenes with a guide in {folder}: make them with training.scenes")

    def crop(self, rng: np.random.Generator, elements: int, side: int) -> Tensor:
        """One augmented crop `(elements + 1, side, side)`, the guide last."""
        maps = self.maps[int(rng.integers(len(self.maps)))]
        count = len(maps) - 1
        chosen = [*rng.choice(count, elements, replace=count < elements), count]
        y0, x0 = rng.integers(0, maps.shape[1] - side + 1, 2)
        x = maps[chosen, y0 : y0 + side, x0 : x0 + side].clone()
        x = torch.rot90(x, int(rng.integers(4)), (1, 2))
        return x.flip(2) if rng.random() < 0.5 else x


def batch(
    scenes: GuidedScenes, rng: np.random.Generator, cell: int, maps: int = MAPS_PER_STEP
) -> tuple[Tensor, Tensor]:
    """Truth `(b, e, H, W)`, counts per measured dwell, and its guides `(b, H, W)`."""
    elements = int(rng.choice([1, 2, 5, 8, 10], p=[0.08, 0.12, 0.25, 0.30, 0.25]))
    side = CROP_CELLS[cell] * cell
    crops = [scenes.crop(rng, elements, side) for _ in range(max(maps // elements, 1))]
    low, high = np.log(DOSES[0]), np.log(DOSES[1] * cell**2)
    dose = np.exp(rng.uniform(low, high, len(crops))).astype(np.float32)
    truth = torch.stack([crop[:-1] for crop in crops]) * torch.from_numpy(dose)[:, None, None, None]
    foreign = [rng.random() < FOREIGN for _ in crops]
    shown = [
        scenes.crop(rng, 1, side)[-1] if f else c[-1] for c, f in zip(crops, foreign, strict=True)
    ]
    return truth, torch.stack([spoiled(guide, rng) for guide in shown])


def spoiled(guide: Tensor, rng: np.random.Generator) -> Tensor:
    """An electron image as laboratories have them, `(H, W)`."""
    guide = warp(guide, displacement(guide.shape, rng))
    grey = guide.numpy()
    grey = gaussian_filter(grey, max(rng.uniform(-0.5, 1.0), 0))
    low, high = np.quantile(grey, [0.01, 0.99])
    grey = np.clip((grey - low) / (high - low + 1e-6), 0, 1.3) ** np.exp(rng.uniform(-0.5, 0.5))
    if rng.random() < 0.2:
        grey = 1 - grey
    shade = gaussian_filter(rng.standard_normal(grey.shape), 24)
    grey = grey * (1 + rng.uniform(0, 0.2) * shade / (np.abs(shade).max() + 1e-6))
    if rng.random() < 0.3:
        grey = _scratched(grey, rng)
    grey = grey + rng.uniform(0, 0.04) * rng.standard_normal(grey.shape)
    return torch.from_numpy(grey.astype(np.float32))


def displacement(shape: torch.Size, rng: np.random.Generator) -> Tensor:
    """A smooth displacement `(2, H, W)` of up to `FARTHEST` fine pixels, root mean square."""
    free = torch.from_numpy(rng.standard_normal((1, 2, 4, 4)).astype(np.float32))
    field = F.interpolate(free, size=(shape[0], shape[1]), mode="bicubic", align_corners=True)[0]
    size = field.square().sum(dim=0).mean().sqrt()
    return field * (FARTHEST * rng.uniform(0, 1) / (size + 1e-6))


def _scratched(grey: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Lines that no element shows: polishing marks, charging, cracks."""
    rows, columns = np.indices(grey.shape)
    for _ in range(int(rng.integers(1, 4))):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(0, max(grey.shape))
        away = np.abs(rows * np.cos(angle) + columns * np.sin(angle) - offset)
        grey = grey + rng.normal(0, 0.3) * (away < rng.uniform(0.5, 2))
    return grey


def guide_loss(
    net: GuideNet, truth: Tensor, guide: Tensor, operator: str, generator: torch.Generator
) -> tuple[Tensor, Shown]:
    """Squared error in the regression's own spreads, and the likelihood of the new spread; of the
    part of a batch that this process takes.

    Errors weigh half evenly and half by spread: pixels feel coefficients of a wide spread most.
    """
    regression = load_ensemble(net.cell).members[0]
    forward, y = measure(truth, operator, net.cell, generator)
    part = part_of(len(truth))
    truth, guide, y = map(part.of, (truth, guide, y))
    cells = prepare(y, forward, torch.ones(1, 1, 1, 1).to(truth))
    with torch.no_grad(), precision(truth):
        seen = see(regression, cells)
    with torch.no_grad():
        guide = standardised(guide, forward)
        proposals = explained_detail(y, guide, cells, forward)
        detail = contrast(guide, forward)
    with precision(truth):
        mean, log_sigma = net(seen.features, seen.mean, seen.log_sigma, proposals, detail)
    target = cell_basis(forward).to_coefficients(truth)
    (plain, expected), (guided, sigma) = (
        in_counts(each, cells) for each in (seen, Seen(seen.features, mean, log_sigma))
    )
    share = expected / expected.mean(dim=(2, 3, 4), keepdim=True)
    weight = 0.5 + 0.5 * share
    before, after = (weight * _misfit((x - target) / expected) for x in (plain, guided))
    likelihood = (_misfit((guided.detach() - target) / sigma) + torch.log(sigma / expected)).mean()
    shown = {
        "explained": 1 - float(after.mean() / before.mean()),
        "log sigma": float(torch.log(sigma / expected).mean()),
    }
    return part.weighed(after.mean() + 0.3 * likelihood, shown)


def _misfit(whitened: Tensor) -> Tensor:
    """Gaussian near, Laplace far: a rare bright phase must not decide everything."""
    return F.huber_loss(whitened, torch.zeros_like(whitened), reduction="none", delta=4.0)


def train_guide(
    cell: int,
    seed: int,
    steps: int,
    rates: tuple[float, float],
    scenes: GuidedScenes,
    output: Path,
    maps: int = MAPS_PER_STEP,
) -> None:
    """Train one guide network and write its averaged weights, half precision, to `output`.

    `maps`: those of a step, over all processes.
    """
    torch.manual_seed(1000 * cell + seed)
    net = GuideNet(cell)

    def loss(rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Shown]:
        truth, guide = batch(scenes, rng, cell, maps)
        operator = str(rng.choice(list(OPERATORS), p=list(OPERATORS.values())))
        return guide_loss(net, on_device(truth), on_device(guide), operator, generator)

    square = [weight for _, weight in square_weights(net)]
    limits = [(list(net.parameters()), 1.0)]
    checkpoint = output.with_suffix(".checkpoint")
    weights = descend(net, square, loss, limits, steps, rates, (cell, seed), checkpoint)
    if is_first():
        save_file(weights, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--rates", type=float, nargs=2, default=(2e-3, 2e-5))
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--maps", type=int, default=MAPS_PER_STEP, help="of a step, in all")
    given = parser.parse_args()
    scenes, rates = GuidedScenes(given.scenes), tuple(given.rates)
    with processes():
        train_guide(given.cell, given.seed, given.steps, rates, scenes, given.output, given.maps)


if __name__ == "__main__":
    main()
