"""The null-space flow: posterior samples whose unseen detail comes from a diffusion-type model.

A latent diffusion model with an exact latent: the coefficients of a cell that its operator cannot
see (`physics.cells`), so nothing is lost on the way in or out and agreement with the counts needs
no decoder. One network gives mean and spread of every coefficient; what it leaves out, over that
spread, is drawn by a flow from white noise (`networks.flownet`), all elements together. The
regression is what is shown as the estimate, samples are the uncertainty (CorrDiff, Mardani 2025).

Noise belongs to (seed, sample, absolute cell), so tiles agree with the whole and a sample is the
same however a map is cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from workers.device import asked
from workers.networks.cellnet import HALO, CellNet
from workers.networks.flownet import REACH, FlowNet, integrate
from workers.physics import LinearForwardModel
from workers.posteriors.cells import (
    Cells,
    Seen,
    cell_basis,
    cells_of,
    in_counts,
    measured,
    prepare,
    see,
)
from workers.posteriors.posterior import CellPosterior, Prediction, Progress, TiledModel, silent
from workers.posteriors.shelf import NOTHING_KEPT, Parts, Shelf
from workers.posteriors.tiles import TILE, Tile, Window, overlap, seen_from, tiles

LARGEST = 5.0  # whitened; the flow was taught nothing beyond
# A sample's deviance over its expectation, per element, is 1 for a right sample. Rare bright grains
# of few cells pull it far below, which contradicts nothing; above, the counts say no.
AGREEMENT = (0.5, 1.25)


class DisagreementError(Exception):
    """Too many samples contradict the counts; the message is a sentence for a person."""


@dataclass(frozen=True)
class FlowModel(TiledModel):
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
        shelf: Shelf = NOTHING_KEPT,
    ) -> tuple[Prediction, Tensor]:
        """The regression of `y` (e, h, w), counts, and what conditions the flow: `(e, ·, h, w)`."""
        h, w = cells_of(y, forward)
        mean = torch.empty(1, len(y), cell_basis(forward).block ** 2, h, w)
        sigma, given = torch.empty_like(mean), torch.empty(len(y), self.flow.width, h, w)
        cut = list(tiles(h, w, tile, self.halo))
        for n, piece in enumerate(cut):
            found = self._predicted(n, piece, y, forward, variance_factor, tile, shelf)
            mean[0, ..., *piece.place] = found["mean"]
            sigma[0, ..., *piece.place] = found["sigma"]
            given[..., *piece.place] = found["given"]
            progress((n + 1) / len(cut))
        return Prediction(mean, sigma), given

    def _predicted(
        self,
        n: int,
        piece: Tile,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        tile: int,
        shelf: Shelf,
    ) -> Parts:
        """`mean`, `sigma` and `given` of tile `n`, which is `piece`: `(e, ·, ·, ·)` each."""

        def make() -> Parts:
            part = measured(y, piece.outer, forward)
            cells = prepare(part, forward, variance_factor[None, :, None, None])
            seen = self.look(part, cells, forward, piece.outer)
            known = asked(self.flow, self.flow.condition, seen.features, seen.mean, seen.log_sigma)
            mean, sigma = in_counts(seen, cells)
            found = {"mean": mean[0], "sigma": sigma[0], "given": known[0]}
            return {name: values[..., *piece.inner] for name, values in found.items()}

        return shelf.tile(f"predicted-{tile}-{n}", make)

    @torch.inference_mode()
    def draw(
        self, given: Tensor, seed: int, k: int, tile: int = TILE, shelf: Shelf = NOTHING_KEPT
    ) -> Tensor:
        """Whitened residuals of sample `k`, `(e, cell², h, w)`; they do not depend on `tile`."""
        e, _, h, w = given.shape
        drawn = torch.empty(e, self.flow.cell**2, h, w)
        for n, piece in enumerate(tiles(h, w, tile, self.steps * REACH)):
            make = partial(self._draw, piece, given[..., *piece.outer], seed, k, (h, w))
            found = shelf.tile(f"drawn-{seed}-{k}-{tile}-{n}", make)
            drawn[..., *piece.place] = found["drawn"]
        return drawn

    def _draw(self, piece: Tile, given: Tensor, seed: int, k: int, whole: tuple[int, int]) -> Parts:
        """What is `drawn` in one tile of a map of `whole` cells, from what is `given` around it."""
        shape = (len(given), self.flow.cell**2, *whole)
        start = white_noise(seed, k, shape, piece.outer)
        along = partial(integrate, self.flow, steps=self.steps)
        moved = asked(self.flow, along, start[None], given[None].contiguous())
        return {"drawn": moved[0][..., *piece.inner].clamp(-LARGEST, LARGEST)}

    @torch.inference_mode()
    def work_tile(
        self,
        n: int,
        y: Tensor,
        forward: LinearForwardModel,
        variance_factor: Tensor,
        draws: Sequence[tuple[int, int]],
        shelf: Shelf,
        progress: Progress = silent,
    ) -> None:
        """The regression of tile `n` and all its draws; those need the tiles around it as well."""
        whole = cells_of(y, forward)
        piece = list(tiles(*whole, TILE, self.steps * REACH))[n]
        rows, columns = (side.stop - side.start for side in piece.outer)
        given = torch.empty(len(y), self.flow.width, rows, columns)
        for m, near in enumerate(tiles(*whole, TILE, self.halo)):
            if shared := overlap(near.place, piece.outer):
                known = self._predicted(m, near, y, forward, variance_factor, TILE, shelf)
                part = known["given"][..., *seen_from(shared, near.place)]
                given[..., *seen_from(shared, piece.outer)] = part
                progress(0.0)
        for done, (seed, k) in enumerate(draws, start=1):
            make = partial(self._draw, piece, given, seed, k, whole)
            shelf.tile(f"drawn-{seed}-{k}-{TILE}-{n}", make)
            progress(done / len(draws))

    @property
    def kind(self) -> type["FlowPosterior"]:
        return FlowPosterior


def white_noise(
    seed: int, k: int, shape: tuple[int, int, int, int], window: Window | None = None
) -> Tensor:
    """Standard normal `(e, n, h, w)` that belongs to (seed, k, element, row, column) alone.

    A counter-based generator (Philox, Salmon 2011) starts anew for every row of cells. `window`:
    the part of it to make, in cells.
    """
    e, n, h, w = shape
    rows, columns = window or (slice(0, h), slice(0, w))
    noise = np.empty((e, rows.stop - rows.start, columns.stop, n), np.float32)
    for element in range(e):
        for row in range(rows.start, rows.stop):
            place = np.random.Philox(key=[seed, k], counter=[0, 0, row, element])
            line = noise[element, row - rows.start]
            np.random.Generator(place).standard_normal(out=line, dtype=np.float32)
    return torch.from_numpy(noise[:, :, columns.start :]).movedim(-1, 1).contiguous()


class FlowPosterior(CellPosterior[FlowModel]):
    """What `FlowModel.posterior` gives."""

    def _ask(self, y: Tensor, variance_factor: Tensor, progress: Progress) -> Prediction:
        prediction, self.given = self.model.predict(
            y, self.forward, variance_factor, progress, shelf=self.shelf
        )
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
        return self.model.draw(self.given, generator.initial_seed(), k, shelf=self.shelf)
