"""Particles fitted to coarse cells with the mean shower: the classical rival.

χ² of the cells with the noise of the cells and the fluctuation of showers, energies of each layer
free and not negative, positions by Gauss–Newton steps; particles are added where they gain most
until the penalty of one more is not earned.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from workers.assessment.calorimeter.maxima import maxima
from workers.assessment.calorimeter.particles import Found
from workers.assessment.calorimeter.splits import split
from workers.assessment.calorimeter.template import Template, edges_of
from workers.events import Float

Array = NDArray[np.float64]
SAMPLING = 0.16  # σ/E · √GeV of the energy in a cell
UNEVEN = 0.05  # of the energy of a cell: showers differ from their mean
MOST = 7  # particles looked for
STEPS = 12  # Gauss–Newton steps for each number of particles
TOLERANCE_MM = 0.1
SLOPE_MM = 1.0  # of the numerical derivative
LONGEST_MM = 40.0  # of one step
LEAST_NEW = 0.02  # share of a new particle's shape that the others cannot imitate


@dataclass(frozen=True, eq=False)
class Fit:
    """`places` `(k, 2)` mm (x, y), `energies` `(k, layers)` MeV, and χ² of the event."""

    places: Array
    energies: Array
    chi2: float


class TemplateFit:
    """Fits events of a planar calorimeter of `rows` cells along a side, `pitch_mm` wide."""

    def __init__(
        self, template: Template, rows: int, pitch_mm: float, sigma_mev: tuple[float, ...]
    ) -> None:
        self.template = template
        self.rows, self.pitch_mm = rows, pitch_mm
        self.edges = edges_of(rows, pitch_mm)
        self.variance = np.square(sigma_mev)[:, None, None]
        middle = edges_of(4 * rows, pitch_mm / 4)[:-1] + pitch_mm / 8
        x, y = (axis.ravel() for axis in np.meshgrid(middle, middle))
        self.tried = np.column_stack([x, y])
        self.shapes = self._shapes(self.tried)

    def particles(self, event: Float, penalty: float) -> Fit:
        """As many particles as earn `penalty` of χ² each, of one event `(layers, r, r)` MeV."""
        return min(self.course(event), key=lambda fit: fit.chi2 + penalty * len(fit.places))

    def course(self, event: Float) -> list[Fit]:
        """The best fit of 1, 2, … `MOST` particles."""
        weights, fits = self._weights(event), []
        fit = Fit(np.zeros((0, 2)), np.zeros((0, len(event))), np.inf)
        shares = np.maximum(event.sum(axis=(1, 2)), 0)
        for _ in range(MOST):
            place = self._most_gained(event, weights, fit, shares / shares.sum())
            fit = self._refined(event, weights, np.vstack([fit.places, place]))
            fits.append(fit)
        return fits

    def at_maxima(self, event: Float, least_mev: float) -> Fit:
        """One particle for each local maximum of the coarse cells, moved to where it fits best.

        Maxima of less than `least_mev` do not count, but for the largest.
        """
        found = maxima(event[None], self.pitch_mm)
        found = found.above(min(least_mev, found.mev.max()))
        largest = np.argsort(found.mev)[::-1][:MOST]
        places = np.column_stack([found.x_mm, found.y_mm])[largest]
        return self._refined(event, self._weights(event), places)

    def map_of(self, fit: Fit, event: Float, factor: int) -> Float:
        """Measured energies `(layers, r, r)` divided as the fit says, `(layers, r · f, r · f)`."""
        edges = edges_of(self.rows * factor, self.pitch_mm / factor)
        shapes = self.template.fractions(edges, *fit.places.T)
        weights = (fit.energies[:, :, None, None] * shapes).sum(axis=0)
        fine: Float = split(event[None], weights[None].astype(np.float32))[0]
        return fine

    def at(self, event: Float, places: Array) -> Fit:
        """The energies that fit best with particles at `places` `(k, 2)` mm."""
        return self._fit(event, self._weights(event), places)

    def _weights(self, event: Float) -> Array:
        energy = np.maximum(event, 0)
        return 1 / (self.variance + SAMPLING**2 * 1e3 * energy + (UNEVEN * energy) ** 2)

    def _shapes(self, places: Array) -> Array:
        return self.template.fractions(self.edges, *places.T)

    def _most_gained(self, event: Float, weights: Array, fit: Fit, shares: Array) -> Array:
        """The place `(2,)` where one more particle lowers χ² most.

        To first order, with positions and energies of the others free to answer. The new one has
        the `shares` `(layers,)` of the event's own energy.
        """
        root = np.sqrt(weights)
        tried = (self.shapes * (shares[:, None, None] * root)).reshape(len(self.tried), -1)
        power = (tried**2).sum(axis=1)
        rest: Array = np.ravel(event * root).astype(np.float64)
        if len(fit.places):
            jacobian, rest = self._tangent(event, weights, fit)
            span = np.linalg.qr(jacobian.T)[0]
            rest = rest - span @ (span.T @ rest)
            power = np.maximum(power - ((tried @ span) ** 2).sum(axis=1), LEAST_NEW * power)
        gain = np.maximum(tried @ rest, 0) ** 2 / power
        best: Array = self.tried[np.argmax(gain)]
        return best

    def _energies(self, event: Float, weights: Array, shapes: Array) -> Array:
        """The energies `(k, layers)`, none below 0, that fit best at these places."""
        root = np.sqrt(weights)
        found = [
            optimize.nnls((shapes[:, la] * root[la]).reshape(len(shapes), -1).T, wanted.ravel())[0]
            for la, wanted in enumerate(event * root)
        ]
        return np.array(found).T

    def _refined(self, event: Float, weights: Array, places: Array) -> Fit:
        best = self._fit(event, weights, places)
        damping = 1.0
        for _ in range(STEPS):
            step = self._step(event, weights, best, damping)
            tried = self._fit(event, weights, best.places + step)
            if tried.chi2 < best.chi2:
                best, damping = tried, damping / 3
            else:
                damping *= 4
            if np.abs(step).max() < TOLERANCE_MM:
                break
        return best

    def _fit(self, event: Float, weights: Array, places: Array) -> Fit:
        shapes = self._shapes(places)
        energies = self._energies(event, weights, shapes)
        rest = event - (energies[:, :, None, None] * shapes).sum(axis=0)
        return Fit(places, energies, float((weights * rest**2).sum()))

    def _step(self, event: Float, weights: Array, fit: Fit, damping: float) -> Array:
        """The damped Gauss–Newton step of positions and energies together; its positions."""
        count = len(fit.places)
        jacobian, rest = self._tangent(event, weights, fit)
        normal = jacobian @ jacobian.T
        normal[np.diag_indices_from(normal)] *= 1 + 1e-3 * damping
        normal[np.diag_indices_from(normal)] += 1e-9
        answer = np.linalg.solve(normal, jacobian @ rest)[: 2 * count]
        step = answer.reshape(2, count).T.clip(-LONGEST_MM, LONGEST_MM)
        return np.asarray(step, np.float64)

    def _tangent(self, event: Float, weights: Array, fit: Fit) -> tuple[Array, Array]:
        """Slopes `(2 k + k · layers, cells)` of the model along x, y and energies, and the misfit.

        Both in units of the error of a cell.
        """
        count = len(fit.places)
        moved = [
            fit.places + SLOPE_MM * np.array(way) for way in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        right, left, down, up, here = self._shapes(np.vstack([*moved, fit.places])).reshape(
            5, count, *event.shape
        )
        energies = fit.energies[:, :, None, None]
        slopes = [energies * (a - b) / (2 * SLOPE_MM) for a, b in ((right, left), (down, up))]
        root = np.sqrt(weights)
        columns = [(slope * root).reshape(count, -1) for slope in slopes]
        for layer in range(len(event)):
            alone = np.zeros_like(here)
            alone[:, layer] = here[:, layer] * root[layer]
            columns.append(alone.reshape(count, -1))
        rest = ((event - (energies * here).sum(axis=0)) * root).ravel()
        return np.vstack(columns), rest


def found_of(fits: list[Fit]) -> Found:
    """The particles of one fit for each event."""
    return Found(
        event=np.repeat(np.arange(len(fits)), [len(fit.places) for fit in fits]),
        x_mm=np.concatenate([fit.places[:, 0] for fit in fits]),
        y_mm=np.concatenate([fit.places[:, 1] for fit in fits]),
        mev=np.concatenate([fit.energies.sum(axis=1) for fit in fits]),
        events=len(fits),
    )
