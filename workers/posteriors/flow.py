"""The null-space flow: posterior samples whose unseen detail comes from a diffusion-type model.

A latent diffusion model with an exact latent: the coefficients of a cell that its operator cannot
see (`physics.cells`), so nothing is lost on the way in or out and agreement with the counts needs
no decoder. One network gives mean and spread of every coefficient; what it leaves out, over that
spread, is drawn by a flow from white noise (`networks.flownet`), all elements together. The
regression is what is shown as the estimate, samples are the uncertainty (CorrDiff, Mardani 2025).

Noise belongs to (seed, sample, absolute cell), so tiles agree with the whole and a sample is the
same however a map is cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.networks.cellnet import HALO, CellNet
from workers.networks.flownet import REACH, FlowNet, integrate
from workers.physics import LinearForwardModel
from workers.posteriors.cells import Cells, Seen, cell_basis, in_counts, prepare, see
from workers.posteriors.posterior import CellPosterior, Model, Prediction, Progress, silent
from workers.posteriors.tiles import TILE, Window, tiles

LARGEST = 5.0  # whitened; the flow was taught nothing beyond
# A sample's deviance over its expectation, per element, is 1 for a right sample. Rare bright grains
# of few cells pull it far below, which contradicts nothing; above, the counts say no.
AGREEMENT = (0.5, 1.25)


class DisagreementError(Exception):
    """Too many samples contradict the counts; the message is a sentence for a person."""


@dataclass(frozen=True)
class FlowModel(Model):
    """A regression for one size of cell, the flow of its residuals, and how many steps it takes."""

    regression: CellNet
    flow: FlowNet
    steps: int

    @property
    def halo(self) -> int:
        """Cells around a tile that decide what is known inside it."""
        return HALO + 1

    def look(self, y: Tensor, cells: Cells, forward: LinearForwardModel, window: Window) -> Seen:
        """What is known of a part of the map before any sample: `window` in cells of the map."""
        return see(self.regression, cells)

    @torch.inference_mode()
    def predict(
        self,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        progress: Progress = silent,
        tile: int = TILE,
    ) -> tuple[Prediction, Tensor]:
        """The regression of `y` (e, h, w), counts, and what conditions the flow: `(e, ·, h, w)`."""
        basis = cell_basis(forward)
        step = basis.block // forward.factor
        e, h, w = (y.shape[0], y.shape[1] // step, y.shape[2] // step)
        mean = torch.empty(1, e, basis.block**2, h, w)
        sigma, given = torch.empty_like(mean), torch.empty(e, self.flow.width, h, w)
        cut = list(tiles(h, w, tile, self.halo))
        for n, piece in enumerate(cut):
            part = y[None, :, *(slice(s.start * step, s.stop * step) for s in piece.outer)]
            cells = prepare(part, forward, variance_factor[None, :, None, None])
            seen = self.look(part, cells, forward, piece.outer)
            known = self.flow.condition(seen.features, seen.mean, seen.log_sigma)
            one_mean, one_sigma = in_counts(seen, cells)
            mean[..., *piece.place] = one_mean[..., *piece.inner]
            sigma[..., *piece.place] = one_sigma[..., *piece.inner]
            given[..., *piece.place] = known[0][..., *piece.inner]
            progress((n + 1) / len(cut))
        return Prediction(mean, sigma), given

    @torch.inference_mode()
    def draw(self, given: Tensor, seed: int, k: int, tile: int = TILE) -> Tensor:
        """Whitened residuals of sample `k`, `(e, cell², h, w)`; they do not depend on `tile`."""
        e, _, h, w = given.shape
        noise = white_noise(seed, k, (e, self.flow.cell**2, h, w))
        drawn = torch.empty_like(noise)
        for piece in tiles(h, w, tile, self.steps * REACH):
            start, known = noise[None, ..., *piece.outer], given[None, ..., *piece.outer]
            moved = integrate(self.flow, start, known, self.steps)
            drawn[..., *piece.place] = moved[0][..., *piece.inner]
        return drawn.clamp(-LARGEST, LARGEST)

    @property
    def kind(self) -> type["FlowPosterior"]:
        return FlowPosterior


def white_noise(seed: int, k: int, shape: tuple[int, int, int, int]) -> Tensor:
    """Standard normal `(e, n, h, w)` that belongs to (seed, k, element, row, column) alone.

    A counter-based generator (Philox, Salmon 2011) starts anew for every row of cells.
    """
    e, n, h, w = shape
    noise = np.empty((e, h, w, n), np.float32)
    for element in range(e):
        for row in range(h):
            place = np.random.Philox(key=[seed, k], counter=[0, 0, row, element])
            np.random.Generator(place).standard_normal(out=noise[element, row], dtype=np.float32)
    return torch.from_numpy(noise).movedim(-1, 1).contiguous()


class FlowPosterior(CellPosterior[FlowModel]):
    """What `FlowModel.posterior` gives."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        prediction, self.given = self.model.predict(y, self.forward, variance_factor, progress)
        return prediction

    def sample(self, count: int, generator: torch.Generator) -> Iterator[Tensor]:
        """`count` posterior samples `(e, H, W)`, counts, that agree with the counts measured.

        A sample whose χ² lies outside `AGREEMENT` in some element is refused and another one is
        drawn. Raises DisagreementError when more were refused than were asked for.
        """
        yielded = 0
        for sample in super().sample(2 * count, generator):
            if not self.agrees(sample):
                continue
            yielded += 1
            yield sample
            if yielded == count:
                return
        raise DisagreementError(
            f"{2 * count - yielded} of {2 * count} samples contradict the counts of this map, so "
            "the run gives no answer. Check how a pixel was measured, or use the ensemble."
        )

    def agrees(self, sample: Tensor) -> bool:
        """Whether the deviance of a sample is noise-sized in every element."""
        low, high = AGREEMENT
        if self.strict:  # it returns the counts themselves
            return True
        chi2 = self.noise.chi2(self.forward.expected(sample), self.y, self.mask)
        scatter = 4 * (2 / max(int(self.mask.sum()), 1)) ** 0.5
        return bool(((chi2 > low - scatter) & (chi2 < high + scatter)).all())

    def _residual(self, k: int, generator: torch.Generator) -> Tensor:
        return self.model.draw(self.given, generator.initial_seed(), k)
