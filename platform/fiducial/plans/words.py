"""What a plan says in sentences, all of them from its predicted figures."""

from dataclasses import dataclass
from math import inf, isfinite

from fiducial.runs.words import duration
from workers.assessment.planning import MARGIN, SMALLEST_SIDE, Plan, Session, Unaffordable, best

Way = Plan | Unaffordable

BLIND = 0.5  # share of an element's spread that stays unknown even with perfect counting


@dataclass(frozen=True)
class Verdict:
    title: str
    reasons: tuple[str, ...]
    tone: str = ""


def figure(value: float) -> str:
    """Three digits, without an exponent: “56.6”, “0.0312”, “1230”."""
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    return f"{float(f'{value:.3g}'):,f}".rstrip("0").rstrip(".").replace(",", "")


def percent(share: float) -> str:
    """“20 %”, and one digit more below ten: “4.3 %”."""
    return f"{100 * share:.{0 if share >= 0.1 else 1}f}\N{NO-BREAK SPACE}%"


def microns(value: float) -> str:
    return f"{figure(value)} µm"


def verdict(session: Session, ways: list[Way]) -> Verdict:
    """Which plan, why, and whether super-resolution is the wrong choice."""
    chosen = best(ways)
    if chosen is None:
        return _impossible(session, ways)
    dwell = f"{figure(chosen.dwell_ms)} ms"
    if chosen.factor == 1:
        title = f"Scan every pixel: a step of {microns(chosen.step_um)}, {dwell} each."
    else:
        step = microns(chosen.step_um)
        title = f"Scan coarse: a step of {step}, {dwell} each; then enlarge ×{chosen.factor}."
    reasons = [*_finer(session, chosen, ways), *_coarser(chosen, ways), *_blind(session, chosen)]
    return Verdict(title, tuple(reasons))


def _impossible(session: Session, ways: list[Way]) -> Verdict:
    field = f"{figure(session.width_um)} × {figure(session.height_um)} µm"
    least = min((one for one in ways if isinstance(one, Unaffordable)), key=lambda one: one.seconds)
    if least.seconds == inf:
        return Verdict(
            f"The field is too small for a step of {microns(session.step_um)}.",
            (
                f"{field} has fewer than {SMALLEST_SIDE} pixels along a side even at the finest "
                "step. Give a larger field or a finer step.",
            ),
            "bad",
        )
    share = (session.seconds / least.seconds) ** 0.5
    width, height = (figure(share * side) for side in (session.width_um, session.height_um))
    each = f"{figure(session.minimum_dwell_ms)} + {figure(session.overhead_ms)} ms a pixel"
    return Verdict(
        f"This does not fit into {duration(session.seconds)}.",
        (
            f"Even one pixel every {microns(least.step_um)} takes {duration(least.seconds)}, at "
            f"the shortest dwell with its overhead ({each}).",
            f"Give it that long, or a field of {width} × {height} µm, or a coarser finest step.",
        ),
        "bad",
    )


def _finer(session: Session, chosen: Plan, ways: list[Way]) -> list[str]:
    """Why the next finer step was not chosen: this is what super-resolution is for."""
    finer = [way for way in ways if way.factor < chosen.factor]
    if not finer:
        return []
    way = finer[-1]
    if isinstance(way, Unaffordable):
        why = (
            f"Finer does not fit: a step of {microns(way.step_um)} takes {duration(way.seconds)} "
            "at the shortest dwell."
        )
    else:
        why = (
            f"At a step of {microns(way.step_um)}, {percent(way.moving)} of the time goes into "
            f"overhead, and the predicted error is {_times(way.error / chosen.error)}."
        )
    seen = chosen.outlooks[0].unseen < BLIND
    return [f"{why} So super-resolution earns its place here." if seen else why]


def _coarser(chosen: Plan, ways: list[Way]) -> list[str]:
    """What the coarser plans would cost; super-resolution is wrong where each is worse."""
    coarser = [way for way in ways if isinstance(way, Plan) and way.factor > chosen.factor]
    if not coarser:
        return []
    worse = " and ".join(f"{_times(w.error / chosen.error)} at ×{w.factor}" for w in coarser[:2])
    close = coarser[0].error / chosen.error < MARGIN
    said = [f"In the same beam time the predicted error is {worse}."]
    if close:
        said.append(
            f"Between ×{chosen.factor} and ×{coarser[0].factor} there is no clear difference; take "
            "the finer: it can be binned afterwards, the coarser cannot be split."
        )
    if chosen.factor == 1:
        verdict = "gains nothing" if close else "is the wrong choice"
        said.append(f"Super-resolution {verdict} here: denoise the fine scan instead.")
    return said


def _blind(session: Session, chosen: Plan) -> list[str]:
    unseen = chosen.outlooks[0].unseen
    if unseen < BLIND:
        return []
    return [
        f"But grains of {microns(session.grain_um)} are too fine for a step of "
        f"{microns(chosen.step_um)}: however long you count, {percent(unseen)} of the spread stays "
        "unknown. Super-resolution is the wrong choice here, since it would invent that; scan a "
        "smaller field, finer."
    ]


def _times(ratio: float) -> str:
    if ratio < MARGIN:
        return "about the same"
    return f"{ratio:.1f} times as large" if ratio >= 1.95 else f"{percent(ratio - 1)} larger"
