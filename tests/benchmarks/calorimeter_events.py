"""Simulated events whose showers are divided into groups that share none."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.data import DATA
from workers.assessment.calorimeter.earth_mover import earth_mover
from workers.assessment.calorimeter.map_scores import children, relative_rmse, total_variation
from workers.assessment.calorimeter.particles import Found, best_threshold, judge
from workers.assessment.calorimeter.resampling import error_of
from workers.events import Float
from workers.physics.calorimeter.geometry import PITCH_MM
from workers.training.shower_files import ShowerFile
from workers.training.shower_scenes import Particles, Simulated, Source, measured, scenes

FILES = DATA / "calorimeter" / "g4-pblar-em-showers"
GROUPS = 40
Figures = dict[str, float]


@dataclass(frozen=True, eq=False)
class EventSet:
    """Events at one factor.

    `energies` `(n, layers, r, r)` are kept cells, 0 elsewhere; `truth` `(n, layers, R, R)` their
    fine cells; `group` `(n,)` the group of showers each event is made of.
    """

    factor: int
    energies: Float
    kept: NDArray[np.bool_]
    truth: Float
    particles: Found
    group: NDArray[np.int64]

    @classmethod
    def of(
        cls, file: str, factor: int, count: int, seed: int, numbers: tuple[int, int]
    ) -> "EventSet":
        """`count` events of `file`: "showers_a" to tune on, "showers_b" to report on."""
        rng, showers = np.random.default_rng(seed), ShowerFile.load(FILES / f"{file}.npz")
        parts = np.array_split(rng.permutation(len(showers)), GROUPS)
        each = [
            scenes(Simulated(showers, showers=part), count // GROUPS, rng, numbers)
            for part in parts
        ]
        fine = np.concatenate([made.fine for made in each])
        particles = found_of([made.particles for made in each], count // GROUPS)
        group = np.repeat(np.arange(GROUPS), count // GROUPS)
        return cls.measured(fine, particles, group, factor, rng)

    @classmethod
    def measured(
        cls,
        fine: Float,
        particles: Found,
        group: NDArray[np.int64],
        factor: int,
        rng: np.random.Generator,
    ) -> "EventSet":
        """What is measured of `fine` at this factor."""
        noisy, kept = measured(fine, factor, rng)
        return cls(
            factor=factor,
            energies=noisy * kept,
            kept=kept,
            truth=fine * children(kept, factor),
            particles=particles,
            group=group,
        )

    @classmethod
    def single(cls, source: Source, factor: int, count: int, seed: int) -> "EventSet":
        """`count` events of one particle; a group is the events of one shower."""
        rng = np.random.default_rng(seed)
        made = scenes(source, count, rng, (1, 1))
        shower = made.particles.shower
        group = np.unique(shower, return_inverse=True)[1] if shower[0] >= 0 else np.arange(count)
        particles = found_of([made.particles], count)
        return cls.measured(made.fine, particles, group, factor, rng)

    def every(self, step: int) -> "EventSet":
        """Every `step`-th event: fewer of each group."""
        kept, whole = slice(None, None, step), self.particles
        chosen = whole.event % step == 0
        particles = Found(
            event=whole.event[chosen] // step,
            x_mm=whole.x_mm[chosen],
            y_mm=whole.y_mm[chosen],
            mev=whole.mev[chosen],
            events=len(self.truth[kept]),
        )
        arrays = (self.energies[kept], self.kept[kept], self.truth[kept])
        return EventSet(self.factor, *arrays, particles, self.group[kept])

    def __len__(self) -> int:
        return len(self.truth)

    def figure(self, name: str, of: Callable[[NDArray[np.float64]], float]) -> Figures:
        """A figure of weights `(n,)`, and its error when groups of showers are drawn again."""
        error = error_of(of, self.group, np.random.default_rng(0))
        return {name: of(np.ones(len(self))), f"{name}.error": error}

    def map_figures(self, fine: Float) -> Figures:
        """How far maps `(n, layers, R, R)` are from the truth."""
        apart = earth_mover(fine, self.truth, PITCH_MM)
        varied = total_variation(fine, self.truth)
        return (
            self.figure("rel_rmse", lambda w: relative_rmse(fine, self.truth, w))
            | self.figure("tv", lambda w: float((w * varied).sum() / w.sum()))
            | self.figure("emd_mm", lambda w: float((w * apart).sum() / w.sum()))
        )

    def particle_figures(self, found: Found, of_tuning: tuple[Found, Found]) -> Figures:
        """As `figures_of` of what is above a threshold of energy, chosen on `of_tuning`."""
        return self.figures_of(found.above(best_threshold(*of_tuning)))

    def figures_of(self, found: Found) -> Figures:
        """Counts, places, fakes and energies of all that was found."""
        judged = judge(found, self.particles)
        figures: Figures = {}
        for name in judged.figures():
            figures |= self.figure(name, lambda w, name=name: judged.figures(w)[name])
        return figures


def found_of(parts: list[Particles], events: int) -> Found:
    """The true particles of sets of `events` events each, one set after the other."""
    return Found(
        event=np.concatenate([part.event + events * i for i, part in enumerate(parts)]),
        x_mm=np.concatenate([part.x_mm for part in parts]),
        y_mm=np.concatenate([part.y_mm for part in parts]),
        mev=1e3 * np.concatenate([part.energy_gev for part in parts]),
        events=events * len(parts),
    )
