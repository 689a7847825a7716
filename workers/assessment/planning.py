"""Plan a session before anything is measured: which step and dwell to spend beam time on.

The specimen is taken as a mosaic of grains whose mean linear intercept is l: the covariance of a
map is then variance · exp(−r / l), the chance that two points r apart lie in one grain (Debye,
Anderson & Brumberger, J. Appl. Phys. 28, 679, 1957), whose spectrum in two dimensions falls as
q⁻³. Counts are Poisson. What a scan leaves unknown of it has closed form (`workers.stationary`).

Numpy alone: a web process plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, pi, sqrt

import numpy as np

from workers.stationary import (
    FWHM,
    SIZES,
    Array,
    Specimen,
    axis_response,
    blob_response,
    error_variance,
    fine_frequencies,
    half_size,
    measured_share,
)

FACTORS = (1, 2, 4, 8)  # of the finest step: what our estimators enlarge by
MARGIN = 1.1  # predicted errors closer than this are taken as equal: see `make validate`, plan.*
SMALLEST_SIDE = 16  # measured pixels; a smaller map shows nothing
_SIDE = 384  # fine pixels along the grid the spectra are summed on: a multiple of every factor
_NOTHING = 1e-12  # noise, per variance of the specimen, that stands for none


@dataclass(frozen=True)
class Element:
    """One element of the map, in counts per second and nanoampere.

    rate : mean over the field, background included; spread : standard deviation over the field
    at the finest step; sensitivity : per wt%, or None where nothing relates counts to composition.
    """

    symbol: str
    rate: float
    spread: float
    sensitivity: float | None


@dataclass(frozen=True)
class Session:
    """What there is to spend, and on what.

    `step_um` is the finest step worth having and `grain_um` the mean linear intercept of the
    grains. `sampling` says how a coarser pixel would be seen: "binned", its whole area, by a
    defocused or rastered beam; "point", one spot of the finest step's size.
    """

    width_um: float
    height_um: float
    seconds: float
    current_na: float
    step_um: float
    grain_um: float
    minimum_dwell_ms: float
    overhead_ms: float
    sampling: str
    elements: tuple[Element, ...]


@dataclass(frozen=True)
class Outlook:
    """What a plan would give of one element.

    counts : mean per measured pixel; error : root mean square error of a pixel of the finest
    step, as a share of the element's own spread; unseen : the same if counting were perfect, so
    what the step alone costs; evidence_um : diameter from which on half of a blob was measured.
    """

    element: Element
    counts: float
    error: float
    unseen: float
    evidence_um: float

    @property
    def limited_by(self) -> str:
        return "resolution" if 2 * self.unseen**2 > self.error**2 else "noise"


@dataclass(frozen=True)
class Plan:
    """One way to spend the session; `factor` 1 scans every pixel of the finest step."""

    factor: int
    step_um: float
    columns: int
    rows: int
    dwell_ms: float
    moving: float  # share of the beam time that goes into overhead
    outlooks: tuple[Outlook, ...]

    @property
    def error(self) -> float:
        """Root mean square over the elements of their errors, each as a share of its spread."""
        return sqrt(float(np.mean([one.error**2 for one in self.outlooks])))


@dataclass(frozen=True)
class Unaffordable:
    """A way that does not fit: how long it takes at the shortest dwell.

    Infinity where the field is smaller than `SMALLEST_SIDE` such pixels.
    """

    factor: int
    step_um: float
    seconds: float


def shape_of(session: Session, factor: int) -> tuple[int, int]:
    """Rows and columns that fit the field at this factor of the finest step."""
    step = factor * session.step_um
    # 0.3 / 0.1 is a little less than 3.
    return int(session.height_um / step + 1e-6), int(session.width_um / step + 1e-6)


def plan(session: Session, factor: int) -> Plan | Unaffordable:
    """What the whole beam time gives at one factor of the finest step."""
    step = factor * session.step_um
    rows, columns = shape_of(session, factor)
    if min(rows, columns) < SMALLEST_SIDE:
        return Unaffordable(factor, step, inf)
    each = 1000 * session.seconds / (rows * columns)
    shortest = session.minimum_dwell_ms + session.overhead_ms
    if each < shortest:
        return Unaffordable(factor, step, rows * columns * shortest / 1000)
    dwell = each - session.overhead_ms
    outlooks = _outlooks(session, factor, dwell)
    return Plan(factor, step, columns, rows, dwell, session.overhead_ms / each, outlooks)


def plans(session: Session) -> list[Plan | Unaffordable]:
    """One entry for each of `FACTORS`, finest first."""
    return [plan(session, factor) for factor in FACTORS]


def best(ways: Sequence[Plan | Unaffordable]) -> Plan | None:
    """The finest affordable plan within `MARGIN` of the smallest predicted error, or None.

    Where two are as good the finer is worth more: it can be binned, the coarser cannot be split.
    """
    found = [way for way in ways if isinstance(way, Plan)]
    least = min((way.error for way in found), default=0.0)
    return next((way for way in found if way.error <= MARGIN * least), None)


def error_over_time(session: Session, factor: int, seconds: Sequence[float]) -> list[float]:
    """The plan's overall error at other beam times; NaN where the factor does not fit."""
    rows, columns = shape_of(session, factor)
    each = 1000 * np.asarray(seconds) / (rows * columns) if rows * columns else np.zeros(1)
    dwell = np.maximum(each - session.overhead_ms, session.minimum_dwell_ms)
    fits = each >= session.minimum_dwell_ms + session.overhead_ms
    fits &= min(rows, columns) >= SMALLEST_SIDE
    noise = _noise(session, dwell)
    found = error_variance(*_scene(session, factor), noise.ravel(), factor).reshape(noise.shape)
    return [float(e) for e in np.where(fits, np.sqrt(found.mean(axis=1)), np.nan)]


def _noise(session: Session, dwell_ms: Array) -> Array:
    """Noise of a measured pixel per variance of the element, `(dwell, element)`.

    In this unit one mosaic of unit variance serves all elements.
    """
    bright = np.array([one.rate / one.spread**2 for one in session.elements])
    return np.asarray(bright / (session.current_na * dwell_ms[:, None] / 1000))


def _scene(session: Session, factor: int) -> tuple[Array, Array]:
    """|H|² and the prior spectrum of unit variance."""
    return _seen(factor, session.sampling), _mosaic(session.grain_um / session.step_um)


def _outlooks(session: Session, factor: int, dwell_ms: float) -> tuple[Outlook, ...]:
    noise = _noise(session, np.array([dwell_ms]))[0]
    seen, prior = _scene(session, factor)
    errors = np.sqrt(error_variance(seen, prior, noise, factor))
    unseen = float(np.sqrt(error_variance(seen, prior, [_NOTHING], factor)[0]))
    shares = np.array([measured_share(seen, prior, _blob(s), noise, factor) for s in SIZES])
    return tuple(
        Outlook(
            element,
            element.rate * session.current_na * dwell_ms / 1000,
            float(errors[n]),
            unseen,
            session.step_um * half_size(list(shares[:, n])),
        )
        for n, element in enumerate(session.elements)
    )


def _squared() -> Array:
    qy, qx = fine_frequencies(_SIDE, _SIDE)
    return np.asarray(qy**2 + qx**2)


@lru_cache(maxsize=16)
def _mosaic(grain: float) -> Array:
    """Spectrum of a mosaic of unit variance over the field; `grain` in fine pixels.

    The mean of the field is taken as known.
    """
    spectrum = Specimen(1.0, 3.0, 0.0, 2 * pi * grain).spectrum(_squared())
    spectrum[0, 0] = 0
    return np.asarray(spectrum / spectrum.mean())


@lru_cache(maxsize=16)
def _blob(size: float) -> Array:
    return np.asarray(blob_response(_squared(), size / FWHM) ** 2)


@lru_cache(maxsize=16)
def _seen(factor: int, sampling: str) -> Array:
    """|H|² of a measured pixel: of one spot, or of the whole area of its step."""
    if sampling == "point" or factor == 1:
        return np.ones((_SIDE, _SIDE))
    place = np.arange(factor)
    weights = np.full(factor, 1 / factor)
    down, across = (axis_response(weights, place, q) for q in fine_frequencies(_SIDE, _SIDE))
    return np.asarray(np.abs(down * across) ** 2)
