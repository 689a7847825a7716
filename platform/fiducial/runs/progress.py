"""How far a run is and how long it will still take, from what its recipe reports."""

from dataclasses import dataclass
from time import monotonic

MIN_FRACTION = 0.02  # below this an extrapolation says nothing


@dataclass
class Progress:
    """The latest report of a recipe; `update` is called by it, `changes` read by the heartbeat."""

    stage: str = "starting"
    fraction: float = 0.0
    _first: tuple[float, float] | None = None  # when work began to be counted, and from where
    _stored: tuple[str, float] | None = None

    def update(self, stage: str, fraction: float) -> None:
        """Take a report; a fraction never goes back and never says it is over before it is."""
        self.stage = stage[:80]
        self.fraction = max(self.fraction, min(float(fraction), 0.999))
        if self._first is None:
            self._first = (monotonic(), self.fraction)

    def changes(self) -> dict[str, object]:
        """What the row does not show yet; empty when nothing moved since the last call."""
        now = (self.stage, round(self.fraction, 3))
        if now == self._stored:
            return {}
        self._stored = now
        return {"stage": self.stage, "fraction": now[1], "seconds_left": self._seconds_left()}

    def _seconds_left(self) -> float | None:
        if self._first is None:
            return None
        began, fraction = self._first
        done = self.fraction - fraction
        if done < MIN_FRACTION:
            return None
        return round((monotonic() - began) / done * (1 - self.fraction), 1)
