"""One template for each class, found together with the pose of every patch.

Expectation and maximisation over enumerated turns and shifts (Frey & Jojic 2003, *Transformed
component analysis*): an autoencoder that starts from these poses does not mistake a pose for a
latent. Classes come from the classical descriptor and stay as they are here.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.physics.pose import circle, posed, rotation, turned, unposed

BINS = 48
REACH = 1  # pixels a template moves on every side
STARTS = 4
STEPS = 20
SETTLED = 4
LEAST_NOISE = 0.02
MOVED = 2.0  # pixels between the middles of two classes
ALIKE = 0.05  # of the range of patches


@dataclass(frozen=True)
class Start:
    """Where learning starts: `label` (n,) int64, `pose` (n, 3), `latents` (n, z), unit variance."""

    label: Tensor
    pose: Tensor
    latents: Tensor


@dataclass(frozen=True)
class _Aligned:
    """Of one class: its template (p, p), the pose of each patch, and how well they agree."""

    template: Tensor
    pose: Tensor
    log_likelihood: float


def start(
    patches: Tensor, labels: NDArray[np.int64], latents: int, generator: torch.Generator
) -> Start:
    """Poses by templates, classes as given (0 … K − 1), latents by principal components.

    patches : float32 (n, p, p). Every class is turned to agree with the others, so that one angle
    means one thing.
    """
    angles = torch.arange(BINS) * (2 * math.pi / BINS)
    copies = turned(patches, angles)
    label = torch.from_numpy(labels)
    kinds = range(int(labels.max()) + 1)
    found = [
        max(
            (_aligned(copies[label == k], generator) for _ in range(STARTS)),
            key=lambda each: each.log_likelihood,
        )
        for k in kinds
    ]
    common = _registered([each.template for each in found])
    pose = torch.zeros(len(patches), 3)
    rest = torch.zeros(len(patches), int(circle(patches.shape[-1]).sum()))
    for k, each, moved in zip(kinds, found, common, strict=True):
        mine = label == k
        angle = each.pose[:, 0] - moved[0]
        shift = each.pose[:, 1:] - (rotation(angle) @ moved[1:, None])[:, :, 0]
        pose[mine], rest[mine] = _settled(patches[mine], torch.cat([angle[:, None], shift], dim=1))
    return Start(label, pose, _components(rest, latents))


def _aligned(copies: Tensor, generator: torch.Generator) -> _Aligned:
    """The template of one class from patches `(n, b, p, p)` turned back by every angle."""
    n, bins, side, _ = copies.shape
    inside = circle(side).flatten()
    x = copies.flatten(2)[:, :, inside].flatten(0, 1)
    canvas = side + 2 * REACH
    places = torch.arange(canvas**2).view(canvas, canvas)
    span = range(2 * REACH + 1)
    shifts = [(i - REACH, j - REACH) for i in span for j in span]  # as y, x
    crops = [places[i : i + side, j : j + side].flatten()[inside] for i in span for j in span]
    template = torch.full((canvas**2,), float(x.mean()))
    first = int(torch.randint(n, (1,), generator=generator))
    template[crops[len(crops) // 2]] = x.view(n, bins, -1)[first, 0]
    squares, noise = x.square().sum(1), float(x.std())
    prior = torch.tensor([-0.5 * (i * i + j * j) for i, j in shifts])
    for _ in range(STEPS):
        moved = torch.stack([template[crop] for crop in crops])
        distance = squares[:, None] - 2 * x @ moved.T + moved.square().sum(1)
        logits = (prior - 0.5 * distance / noise**2).view(n, -1)
        log_likelihood = float(torch.logsumexp(logits, 1).mean()) - x.shape[1] * math.log(noise)
        share = torch.softmax(logits, dim=1).view(n * bins, -1)
        total, weight = torch.zeros(canvas**2), torch.zeros(canvas**2)
        for crop, seen, often in zip(crops, share.T @ x, share.sum(0), strict=True):
            total[crop] += seen
            weight[crop] += often
        template = torch.where(weight > 0, total / weight.clamp_min(1e-6), template)
        mean_square = float((share * distance).sum()) / (n * x.shape[1])
        noise = max(math.sqrt(max(mean_square, 0.0)), LEAST_NOISE)
    best = share.view(n, -1).argmax(1)
    angle = best // len(shifts) * (2 * math.pi / bins)
    # A template seen moved by (y, x) is a patch whose unit lies the other way, before it is turned.
    back = -torch.tensor(shifts, dtype=torch.float32)[best % len(shifts)].flip(1)
    move = (rotation(angle) @ back[:, :, None])[:, :, 0]
    whole = template.view(canvas, canvas)[REACH:-REACH, REACH:-REACH]
    return _Aligned(whole, torch.cat([angle[:, None], move], dim=1), log_likelihood)


def _registered(templates: list[Tensor]) -> list[Tensor]:
    """The pose in which each template agrees with the others, the most alike first: (3,) each."""
    side = templates[0].shape[-1]
    inside = circle(side)
    at = torch.arange(-MOVED, MOVED + 1.0)
    angles = torch.arange(BINS) * (2 * math.pi / BINS)
    poses = torch.cartesian_prod(angles, at, at)
    seen = [posed(t.expand(len(poses), -1, -1), poses, side)[:, inside] for t in templates]
    common = {0: torch.zeros(3)}
    images = {0: templates[0][inside]}
    while len(common) < len(templates):
        pairs = [(i, j) for i in common for j in range(len(templates)) if j not in common]
        agreed = {pair: _agreement(images[pair[0]], seen[pair[1]]) for pair in pairs}
        known, new = max(pairs, key=lambda pair: agreed[pair][0])
        best = agreed[known, new][1]
        common[new], images[new] = poses[best], seen[new][best]
    return [common[k] for k in range(len(templates))]


def _agreement(one: Tensor, moved: Tensor) -> tuple[float, int]:
    """How well an image (m,) agrees with the best pose of another (b, m), and which that is.

    Where they differ by much more than `ALIKE` it does not matter how much (Geman & McClure 1987):
    an atom that one class has and the other has not must not decide how the rest is turned.
    """
    squares = (moved - one).square()
    agreed = -(squares / (squares + ALIKE**2)).mean(dim=1)
    return float(agreed.max()), int(agreed.argmax())


def _settled(patches: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
    """Poses below the pixel and the bin, and what aligned patches have that no pose explains.

    Of one class. Least squares on how the mean changes when it is turned and moved a little.
    """
    side = patches.shape[-1]
    inside = circle(side).flatten()
    steps = torch.tensor([0.02, 0.2, 0.2])  # radians, pixels
    for _ in range(SETTLED):
        aligned = unposed(patches, pose)
        mean = aligned.mean(0, keepdim=True)
        nudged = torch.cat([torch.diag(steps), -torch.diag(steps)])
        ahead, behind = posed(mean.expand(6, -1, -1), nudged, side).flatten(1)[:, inside].chunk(2)
        slopes = (ahead - behind) / (2 * steps[:, None])
        rest = (aligned - mean).flatten(1)[:, inside]
        change = torch.linalg.lstsq(slopes.T, rest.T).solution.T
        change = change.clamp(-5 * steps, 5 * steps)
        move = (rotation(pose[:, 0]) @ change[:, 1:, None])[:, :, 0]
        pose = pose + torch.cat([change[:, :1], move], dim=1)
    return pose, rest - change @ slopes


def _components(rest: Tensor, latents: int) -> Tensor:
    """Scores of principal components `(n, latents)`, unit variance; 0 where there are too few."""
    scores = torch.zeros(len(rest), latents)
    if len(rest) > latents:
        u, _, _ = torch.linalg.svd(rest, full_matrices=False)
        scores = u[:, :latents] * math.sqrt(len(rest))
    return scores
