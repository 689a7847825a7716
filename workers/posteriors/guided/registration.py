"""Where the electron image lies on the X-ray map, found from the coarse map alone.

Stage drift and two detectors leave an electron image displaced by a pixel or three, by different
amounts over the field, and a guide one pixel off is worth nothing. The finer X-ray detail that
would show the displacement is just what is missing. But the electron image, averaged to the coarse
grid, is nearly a function of the coarse element maps; it is displaced until it is most nearly so.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from workers.physics import LinearForwardModel

FARTHEST = 6  # fine pixels: the largest displacement of the whole image that is looked for
SPACING = 8  # coarse pixels between the places where a local displacement is free
STIFFNESS = 0.06  # weight of neighbouring displacements' squared difference, per fine pixel²
TETHER = 0.005  # weight of the squared departure from the whole image's displacement, as above
ROUNDS, STEPS, RATE = 4, 25, 0.15
RIDGE = 1e-3


@dataclass(frozen=True)
class Registration:
    """`displacement` (2, H, W), fine pixels: rows and columns from a place on the map to the image.

    `explained`: share of the coarse electron image's variance that the element maps explain, as it
    came (`explained_before`) and displaced.
    """

    displacement: Tensor
    explained_before: float
    explained: float

    @property
    def size(self) -> float:
        """Root mean square length of the displacement, fine pixels."""
        return float(self.displacement.square().sum(dim=0).mean().sqrt())


def register(guide: Tensor, y: Tensor, forward: LinearForwardModel) -> Registration:
    """Displace `guide` (H, W) until the coarse maps `y` (e, h, w), counts, explain it best.

    First by whole pixels, then locally on a grid of `SPACING` coarse pixels whose neighbours are
    tied to each other.
    """
    predictors = _predictors(y)
    start = _whole_pixels(guide, predictors, forward)
    still = torch.zeros(2, *guide.shape)
    before = _explained(guide, predictors, forward)
    field = _locally(guide, predictors, forward, start)
    displacement = _upsampled(field, guide.shape)
    after = _explained(warp(guide, displacement), predictors, forward)
    if after <= before:
        return Registration(still, before, before)
    return Registration(displacement, before, after)


def warp(guide: Tensor, displacement: Tensor) -> Tensor:
    """`guide` (H, W) read at every place plus its displacement (2, H, W), fine pixels."""
    height, width = guide.shape
    rows = torch.arange(height, dtype=guide.dtype)[:, None] + displacement[0]
    columns = torch.arange(width, dtype=guide.dtype)[None] + displacement[1]
    grid = torch.stack([2 * columns / max(width - 1, 1) - 1, 2 * rows / max(height - 1, 1) - 1], -1)
    read = F.grid_sample(
        guide[None, None], grid[None], mode="bicubic", padding_mode="border", align_corners=True
    )
    return read[0, 0]


def _predictors(y: Tensor) -> Tensor:
    """One column per element and a constant, `(h·w, e + 1)`; roots make counting noise even."""
    columns = torch.sqrt(y.flatten(1) + 0.375)
    columns = columns - columns.mean(dim=1, keepdim=True)
    columns = columns / (columns.std(dim=1, keepdim=True) + 1e-6)
    return torch.cat([columns, torch.ones_like(columns[:1])]).T


def _fit(target: Tensor, predictors: Tensor) -> Tensor:
    """What the element maps say of a coarse electron image, same shape as `target`."""
    gram = predictors.T @ predictors / len(predictors)
    gram = gram + RIDGE * torch.eye(len(gram))
    moment = predictors.T @ target.flatten() / len(predictors)
    fitted: Tensor = predictors @ torch.linalg.solve(gram, moment)
    return fitted.reshape(target.shape)


def _explained(guide: Tensor, predictors: Tensor, forward: LinearForwardModel) -> float:
    coarse = forward.expected(guide)
    misfit = (coarse - _fit(coarse, predictors)).square().mean()
    return float(1 - misfit / (coarse.var() + 1e-12))


def _whole_pixels(
    guide: Tensor, predictors: Tensor, forward: LinearForwardModel
) -> tuple[float, float]:
    best, found = -1.0, (0, 0)
    for rows in range(-FARTHEST, FARTHEST + 1):
        for columns in range(-FARTHEST, FARTHEST + 1):
            share = _explained(_shifted(guide, rows, columns), predictors, forward)
            if share > best:
                best, found = share, (rows, columns)
    return float(found[0]), float(found[1])


def _shifted(guide: Tensor, rows: int, columns: int) -> Tensor:
    """`guide` read `rows` and `columns` further on, its border repeated."""
    padded = F.pad(guide[None, None], (FARTHEST,) * 4, mode="replicate")[0, 0]
    top, left = FARTHEST + rows, FARTHEST + columns
    return padded[top : top + guide.shape[0], left : left + guide.shape[1]]


def _locally(
    guide: Tensor, predictors: Tensor, forward: LinearForwardModel, start: tuple[float, float]
) -> Tensor:
    """Displacements on the coarse grid of free places, `(2, rows, columns)`."""
    rows, columns = (max(s // (SPACING * forward.factor), 1) + 1 for s in guide.shape)
    whole = torch.tensor(start)[:, None, None]
    field = whole.repeat(1, rows, columns).requires_grad_()
    optimiser = torch.optim.Adam([field], lr=RATE)
    for _ in range(ROUNDS):
        with torch.no_grad():
            coarse = forward.expected(warp(guide, _upsampled(field, guide.shape)))
            wanted, scale = _fit(coarse, predictors), coarse.var() + 1e-12
        for _ in range(STEPS):
            coarse = forward.expected(warp(guide, _upsampled(field, guide.shape)))
            misfit = (coarse - wanted).square().mean() / scale
            bend = field.diff(dim=1).square().mean() + field.diff(dim=2).square().mean()
            away = (field - whole).square().mean()
            optimiser.zero_grad()
            (misfit + STIFFNESS * bend + TETHER * away).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return field.detach()


def _upsampled(field: Tensor, shape: torch.Size) -> Tensor:
    size = (shape[0], shape[1])
    return F.interpolate(field[None], size=size, mode="bicubic", align_corners=True)[0]
