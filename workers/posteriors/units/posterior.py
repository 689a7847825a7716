"""What a patch says of its unit: a posterior with a mode for every turn and class that explains it.

The encoder proposes bins and classes; from each, z, δ and s go downhill to where the decoded unit,
put back in its pose, explains the patch best. Around that mode the posterior is Gaussian (Laplace),
with as much weight as its evidence. Nothing is left to the encoder's own widths, which a network
makes too narrow as often as not.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.networks.rvae import POSE, RVAE
from workers.physics.pose import circle, posed
from workers.posteriors.units.learning import Units

MODES = 4
STEPS = 8
NUDGES = 0.02  # of z, δ in half widths of a bin, and pixels, for slopes
SAME = 1.0  # two modes of one class are one if their angles lie within so many standard deviations
LAGS = 4  # pixels over which noise is looked at for being correlated
REWEIGHTED = 4
BLOCK = 512  # patches at once


@dataclass(frozen=True)
class UnitPosterior:
    """The posterior of n units, m modes each.

    weight : (n, m), rising to 1 over modes; label : (n, m) int64; angle : (n, m), radians of the
    modes; mean : (n, m, latents + 3), of z, δ and s; covariance : (n, m, latents + 3, latents + 3),
    with δ in radians as in `angle`; misfit : (n,), χ² per pixel of the most likely mode, 1 where
    a patch is explained within its noise; noise : of what is left, its standard deviation with
    what neighbouring pixels share counted once.
    """

    weight: Tensor
    label: Tensor
    angle: Tensor
    mean: Tensor
    covariance: Tensor
    misfit: Tensor
    noise: float

    @property
    def best(self) -> Tensor:
        """The most likely mode of each unit, `(n,)`."""
        return self.weight.argmax(1)

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Class `(count, n)`, angle in radians (count, n) and latents (count, n, z) of samples."""
        chosen = torch.multinomial(self.weight, count, replacement=True, generator=generator).T
        rows = torch.arange(len(self.weight)).expand_as(chosen)
        root = torch.linalg.cholesky(self.covariance)[rows, chosen]
        size = root.shape[-1]
        noise = torch.randn(*chosen.shape, size, 1, generator=generator)
        moved = (root @ noise)[..., 0]
        latents = size - POSE
        z = self.mean[rows, chosen][..., :latents] + moved[..., :latents]
        return self.label[rows, chosen], self.angle[rows, chosen] + moved[..., latents], z


def correlation(residuals: Tensor, side: int) -> float:
    """How many pixels' worth one pixel of noise says again: Σ of its autocorrelation, at least 1.

    residuals : (n, pixels in the circle). Resampled images have neighbours that share their noise;
    to count each as new evidence would make every posterior too narrow.
    """
    inside = circle(side)
    whole = torch.zeros(len(residuals), side, side)
    whole[:, inside] = residuals - residuals.mean()
    padded = torch.fft.rfft2(whole, s=(2 * side, 2 * side))
    product = torch.fft.irfft2(padded.abs().square(), s=(2 * side, 2 * side)).sum(0)
    spectrum = torch.fft.rfft2(inside.float(), s=(2 * side, 2 * side)).abs().square()
    pairs = torch.fft.irfft2(spectrum, s=(2 * side, 2 * side)).clamp_min(1) * len(residuals)
    near = (product / pairs).roll((LAGS, LAGS), (0, 1))[: 2 * LAGS + 1, : 2 * LAGS + 1]
    return max(1.0, float(near.sum() / near[LAGS, LAGS]))


@torch.inference_mode()
def ask(net: RVAE, patches: Tensor) -> UnitPosterior:
    """The posterior of the units of patches `(n, p, p)`."""
    units = Units.of(patches, net)
    frame = Frame.of(net)
    learned = float(net.log_noise.exp())
    blocks = torch.split(torch.arange(len(patches)), BLOCK)
    first = [_modes(net, frame, units[block], learned, 1) for block in blocks]
    rest = torch.cat([each.rest for each in first])
    # Learned noise is that of patches the network learned from; what is left here is what counts.
    noise = float(rest.square().mean().sqrt())
    again = correlation(rest, net.shape.side)
    found = [_modes(net, frame, units[block], noise * math.sqrt(again), MODES) for block in blocks]
    parts = [each.posterior for each in found]
    return UnitPosterior(
        weight=torch.cat([part.weight for part in parts]),
        label=torch.cat([part.label for part in parts]),
        angle=torch.cat([part.angle for part in parts]),
        mean=torch.cat([part.mean for part in parts]),
        covariance=torch.cat([part.covariance for part in parts]),
        misfit=torch.cat([each.rest for each in found]).square().mean(1) / noise**2,
        noise=noise * math.sqrt(again),
    )


@dataclass(frozen=True)
class Frame:
    """What "turned by nothing" means: the unit of the commonest class, its latents at their middle.

    A decoder may turn its canonical image a little with z and class, and nothing in the patches
    forbids it: angles of different units would not be comparable. So each canonical image is
    compared with one, and what it is turned by is added to the angle of its pose.
    """

    net: RVAE
    reference: Tensor  # (pixels,)
    changes: Tensor  # (5, pixels): by a radian, by a pixel along x and y, in contrast and ground
    inside: Tensor

    @classmethod
    def of(cls, net: RVAE) -> "Frame":
        canvas = net.shape.canvas
        inside = torch.zeros(canvas, canvas, dtype=torch.bool)
        margin = (canvas - net.shape.side) // 2
        inside[margin:-margin, margin:-margin] = circle(net.shape.side)
        commonest = net.class_logits.argmax()[None]
        image = net.decode(torch.zeros(1, net.shape.latents), commonest)
        nudges = torch.diag(torch.tensor([0.02, 0.2, 0.2]))  # radians, pixels
        seen = posed(image.expand(6, -1, -1), torch.cat([nudges, -nudges]), canvas)[:, inside]
        slopes = (seen[:3] - seen[3:]) / (2 * torch.diagonal(nudges)[:, None])
        # Brighter, or on another ground, is not turned.
        others = torch.stack([image[0][inside], torch.ones(int(inside.sum()))])
        return cls(net, image[0][inside], torch.cat([slopes, others]), inside)

    def turn(self, z: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """By what canonical images are turned, radians `(n,)`; how angle depends on z, δ and s.

        The latter as matrices `(n, values, values)` which map changes of (z, δ, s), δ in radians,
        to those of (z, angle, s). Least squares that looks away from what another class has and
        the reference has not (reweighted with Cauchy's weights).
        """
        difference = self._canonical(z, label) - self.reference
        weight = torch.ones_like(difference)
        for _ in range(REWEIGHTED):
            reads = self._reads(weight)
            rest = difference - (reads @ difference[:, :, None])[:, :, 0] @ self.changes
            scale = 2 * rest.abs().median(dim=1, keepdim=True).values.clamp_min(1e-6)
            weight = 1 / (1 + (rest / scale).square())
        reads = self._reads(weight)[:, 0]
        size = z.shape[1] + POSE
        tilt = torch.eye(size).repeat(len(z), 1, 1)
        for j in range(z.shape[1]):
            nudge = torch.zeros(z.shape[1])
            nudge[j] = NUDGES
            change = self._canonical(z + nudge, label) - self._canonical(z - nudge, label)
            tilt[:, z.shape[1], j] = (reads * change).sum(1) / (2 * NUDGES)
        return (reads * difference).sum(1), tilt

    def _canonical(self, z: Tensor, label: Tensor) -> Tensor:
        canonical: Tensor = self.net.decode(z, label)
        return canonical[:, self.inside]

    def _reads(self, weight: Tensor) -> Tensor:
        """What weighted least squares multiplies a difference with, `(n, 5, pixels)`."""
        weighted = weight[:, None] * self.changes
        found: Tensor = torch.linalg.solve(weighted @ self.changes.T, weighted)
        return found


@dataclass(frozen=True)
class _Found:
    posterior: UnitPosterior
    rest: Tensor  # (n, pixels), of the most likely mode


def _modes(net: RVAE, frame: "Frame", units: Units, noise: float, count: int) -> _Found:
    n, k = len(units.seen), net.shape.classes
    encoded = net.encode(units.copies)
    chosen = encoded.logits.flatten(1).topk(min(count, net.shape.bins * k), dim=1).indices
    rows = torch.arange(n)[:, None].expand_as(chosen).flatten()
    b, label = chosen.flatten() // k, chosen.flatten() % k
    mean, loss, slopes = _downhill(net, units.seen[rows], b, label, encoded.mean[rows, b], noise)
    precision = slopes @ slopes.mT / noise**2 + torch.eye(slopes.shape[1])
    covariance = torch.linalg.inv(precision)
    logs = -loss - 0.5 * torch.linalg.slogdet(precision).logabsdet
    logs = (logs + torch.log_softmax(net.class_logits, 0)[label]).view(chosen.shape)
    pose, half = net.pose(b, mean), math.pi / net.shape.bins
    scale = torch.ones(mean.shape[1])
    scale[net.shape.latents] = half
    covariance = covariance * scale[:, None] * scale
    turn, tilt = frame.turn(mean[:, : net.shape.latents], label)
    covariance = tilt @ covariance @ tilt.mT
    angle = (pose[:, 0] + turn).view(chosen.shape)
    spread = covariance[:, net.shape.latents, net.shape.latents].sqrt().view(chosen.shape)
    weight = torch.softmax(logs + _once(label.view(chosen.shape), angle, spread, logs), dim=1)
    best = weight.argmax(1) + torch.arange(n) * chosen.shape[1]
    image = net.image(mean[best, : net.shape.latents], label[best], pose[best])
    shape = (*chosen.shape, mean.shape[1])
    posterior = UnitPosterior(
        weight,
        label.view(chosen.shape),
        angle,
        mean.view(shape),
        covariance.view(*shape, mean.shape[1]),
        torch.zeros(n),
        noise,
    )
    return _Found(posterior, units.seen - image)


def _once(label: Tensor, angle: Tensor, spread: Tensor, logs: Tensor) -> Tensor:
    """−∞ for modes that another, likelier one of the same class and angle counts already."""
    gap = torch.remainder(angle[:, :, None] - angle[:, None, :] + math.pi, 2 * math.pi) - math.pi
    same = (gap.abs() < SAME * spread[:, :, None]) & (label[:, :, None] == label[:, None, :])
    order = torch.arange(label.shape[1])
    likelier = (logs[:, None, :] > logs[:, :, None]) | (
        (logs[:, None, :] == logs[:, :, None]) & (order[None, None, :] < order[None, :, None])
    )
    again = (same & likelier).any(dim=2)
    return torch.where(again, -math.inf, 0.0)


def _downhill(
    net: RVAE, seen: Tensor, b: Tensor, label: Tensor, start: Tensor, noise: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Where each state explains its patch best, its loss there, and slopes `(n, values, pixels)`.

    Levenberg–Marquardt on misfit and priors; a step that does not help is taken back and damped.
    """
    latents = net.shape.latents

    def image(values: Tensor, rows: Tensor) -> Tensor:
        return net.image(values[:, :latents], label[rows], net.pose(b[rows], values))

    def loss_of(values: Tensor, rest: Tensor) -> Tensor:
        return 0.5 * rest.square().sum(1) / noise**2 + 0.5 * values.square().sum(1)

    everyone = torch.arange(len(start))
    size = start.shape[1]
    values, damping = start.clone(), torch.full((len(start),), 0.01)
    rest = seen - image(values, everyone)
    loss = loss_of(values, rest)
    slopes = torch.empty(len(start), size, seen.shape[1])
    for step in range(STEPS + 1):
        for j in range(size):
            nudge = torch.zeros(size)
            nudge[j] = NUDGES
            ahead, behind = image(values + nudge, everyone), image(values - nudge, everyone)
            slopes[:, j] = (ahead - behind) / (2 * NUDGES)
        if step == STEPS:
            break
        curvature = slopes @ slopes.mT / noise**2 + torch.eye(size)
        damped = curvature + torch.diag_embed(
            damping[:, None] * torch.diagonal(curvature, dim1=1, dim2=2)
        )
        downhill = (slopes @ rest[:, :, None])[:, :, 0] / noise**2 - values
        tried = values + torch.linalg.solve(damped, downhill)
        tried_rest = seen - image(tried, everyone)
        tried_loss = loss_of(tried, tried_rest)
        better = tried_loss < loss
        values = torch.where(better[:, None], tried, values)
        rest = torch.where(better[:, None], tried_rest, rest)
        loss = torch.where(better, tried_loss, loss)
        damping = torch.where(better, damping / 5, damping * 5).clamp(1e-4, 1e4)
    return values, loss, slopes
