"""Charts of a report: where axes and marks lie; `reports/_chart.html` draws them as SVG.

All marks of one look are one path, so that thousands of units stay a small file.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH, LEFT, RIGHT, TOP, UNDER = 640, 62, 14, 34, 62  # SVG units
TICKS = 6  # at most, along an axis
# Of a mark, from its middle: those of `viewer.unit_figures`, state by state.
SHAPES = (
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "m0-5.5l5 5.5-5 5.5-5-5.5z",
    "m-3.8-3.8h7.6v7.6h-7.6z",
    "m0-5.5l5 9h-10z",
)
# How each look is printed; on a screen the style sheet gives the same names the theme's colours.
PAINT: dict[str, dict[str, Any]] = {
    "dot": {"fill": "#0b6672"},
    "other": {"fill": "#17212b"},
    "ring": {"fill": "#fff", "stroke": "#0b6672", "width": 1.8},
    "span": {"stroke": "#8b969d", "width": 1.2},
    "rule": {"stroke": "#8b969d", "width": 1.5, "dash": "2 4"},
    "along": {"stroke": "#0b6672", "width": 2},
    # These lie on a picture, which has the same colours in every theme.
    "casing": {"stroke": "#fff", "width": 5},
    "way": {"stroke": "#0b6672", "width": 2.5},
    "guess": {"stroke": "#0b6672", "width": 2.5, "dash": "5 4"},
    "pin": {"fill": "#fff", "stroke": "#17212b", "width": 1.2},
}
Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, both shown; `title` says the quantity and its unit.

    A `falling` one begins with the other end, as rows of a picture do.
    """

    title: str
    low: float
    high: float
    falling: bool = False

    @classmethod
    def around(cls, title: str, values: Iterable[float]) -> "Axis":
        """An axis on which all values have a little room."""
        known = list(values)
        low, high = min(known), max(known)
        room = 0.06 * (high - low) or 1.0
        return cls(title, low - room, high + room)

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1."""
        share = (value - self.low) / (self.high - self.low)
        return 1 - share if self.falling else share

    def ticks(self) -> list[float]:
        """Round values on the axis."""
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(step * power for step in (1, 2, 5, 10) if step * power >= rough)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


@dataclass
class Chart:
    """Two axes and what was drawn on them so far; `label` is what a screen reader says."""

    x: Axis
    y: Axis
    label: str
    height: int = 200  # of the field
    image: str = ""  # data URI of a picture that fills the field
    strokes: list[dict[str, Any]] = field(default_factory=list)

    def marks(self, points: Iterable[Point], look: str, state: int = 0) -> None:
        """Marks of the shape of a `state`; `look` : one of `PAINT`."""
        shape = SHAPES[state % len(SHAPES)]
        self._draw(look, "".join(f"M{x} {y}{shape}" for x, y in map(self._at, points)))

    def bars(self, points: Iterable[tuple[float, float, float]]) -> None:
        """A bar at x from one y to another."""
        drawn = []
        for x, low, high in points:
            (across, bottom), (_, top) = self._at((x, low)), self._at((x, high))
            drawn.append(f"M{across} {bottom}V{top}")
        self._draw("span", "".join(drawn))

    def rules(self, places: Iterable[float]) -> None:
        """Dotted lines across the field at values of x."""
        ends = f" {TOP}V{TOP + self.height}"
        self._draw("rule", "".join(f"M{self._at((x, self.y.low))[0]}{ends}" for x in places))

    def line(self, points: Sequence[Point], look: str) -> None:
        """A line through points; `look` : one of `PAINT`."""
        self._draw(look, "M" + "L".join(f"{x} {y}" for x, y in map(self._at, points)))

    def drawn(self) -> dict[str, Any]:
        """What `reports/_chart.html` needs."""
        floor = TOP + self.height
        return {
            "label": self.label,
            "width": WIDTH,
            "height": floor + UNDER,
            "left": LEFT,
            "right": WIDTH - RIGHT,
            "across": WIDTH - RIGHT - LEFT,
            "top": TOP,
            "floor": floor,
            "down": self.height,
            "image": self.image,
            "strokes": self.strokes,
            "titles": {"x": self.x.title, "y": self.y.title},
            "columns": [
                {"x": self._at((at, self.y.low))[0], "words": said(at)} for at in self.x.ticks()
            ],
            "rows": [
                {"y": self._at((self.x.low, at))[1], "words": said(at)} for at in self.y.ticks()
            ],
        }

    def _draw(self, look: str, path: str) -> None:
        if path:
            self.strokes.append({"look": look, "path": path, **PAINT[look]})

    def _at(self, point: Point) -> Point:
        return (
            round(LEFT + (WIDTH - RIGHT - LEFT) * self.x.share(point[0]), 1),
            round(TOP + self.height * (1 - self.y.share(point[1])), 1),
        )


def symbol(state: int) -> dict[str, Any]:
    """The mark of a state alone, for `reports/_symbol.html`."""
    look = look_of(state)
    return {"look": look, "path": f"M7 7{SHAPES[state % len(SHAPES)]}", **PAINT[look]}


def look_of(state: int) -> str:
    """States differ in shape, and by turns in fill."""
    return "dot" if state % 2 == 0 else "other"


def said(value: float) -> str:
    """A number as an axis or a table writes it."""
    return f"{value:.3g}".replace("-", "−")
