"""Three plans as the page shows them: figures turned into words."""

from dataclasses import dataclass
from math import inf, isinf

from fiducial.runs.words import duration
from workers.assessment.planning import Outlook, Plan, best
from workers.stationary import SIZES

from .words import Way, figure, microns, percent

SHOWN = 3


@dataclass(frozen=True)
class Row:
    """One element of a plan."""

    symbol: str
    counts: str
    error: str  # with its unit
    share: str  # of the element's own spread, per cent
    evidence: str
    limited_by: str


@dataclass(frozen=True)
class Card:
    """One plan; `needs` says instead what it would take where it does not fit."""

    title: str
    chosen: bool
    step: str
    needs: str = ""
    dwell: str = ""
    pixels: str = ""
    moving: str = ""
    error: str = ""
    rows: tuple[Row, ...] = ()


def cards(ways: list[Way]) -> list[Card]:
    """Three neighbouring plans, the best among them, finest first."""
    chosen = best(ways)
    at = ways.index(chosen) if chosen else len(ways) - 1
    first = max(0, min(at - 1, len(ways) - SHOWN))
    return [_card(way, way is chosen) for way in ways[first : first + SHOWN]]


def _card(way: Way, chosen: bool) -> Card:
    title = "Fine: every pixel" if way.factor == 1 else f"Coarse: enlarge ×{way.factor}"
    step = microns(way.step_um)
    if not isinstance(way, Plan):
        needs = (
            "The field has too few pixels of this step."
            if way.seconds == inf
            else f"Does not fit: it takes {duration(way.seconds)} at the shortest dwell."
        )
        return Card(title, chosen, step, needs)
    return Card(
        title,
        chosen,
        step,
        dwell=f"{figure(way.dwell_ms)} ms",
        pixels=f"{way.columns} × {way.rows}",
        moving=percent(way.moving),
        error=percent(way.error),
        rows=tuple(_row(one, way) for one in way.outlooks),
    )


def _row(one: Outlook, way: Plan) -> Row:
    finest = SIZES[0] * way.step_um / way.factor
    if isinf(one.evidence_um):
        evidence = "none"
    else:
        evidence = f"{'≤ ' if one.evidence_um <= finest else ''}{microns(one.evidence_um)}"
    return Row(
        one.element.symbol,
        figure(one.counts),
        _amount(one),
        percent(one.error),
        evidence,
        one.limited_by,
    )


def _amount(one: Outlook) -> str:
    """The error in wt% where counts relate to composition, else as a share of the mean counts."""
    element, error = one.element, one.error * one.element.spread
    if element.sensitivity is None:
        return f"{percent(error / element.rate)} of its mean"
    return f"{figure(error / element.sensitivity)} wt%"
