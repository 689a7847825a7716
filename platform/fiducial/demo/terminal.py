"""How far the demo is, in a terminal that can redraw its lines or in a log that cannot."""

import re
from collections.abc import Sequence

from django.core.management.base import OutputWrapper

from .scans import SCANS, Progress

BAR = 24
NAME = max(len(scan.name) for scan in SCANS)


class Board:
    """One line per scan; redrawn in place on a terminal, printed on change elsewhere."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._in_place = out.isatty()
        self._shown: list[str] = []

    def show(self, progress: Sequence[Progress]) -> None:
        """Show where each scan stands."""
        if self._in_place:
            lines = [_line(scan.name, p) for scan, p in zip(SCANS, progress, strict=True)]
            up = f"\x1b[{len(self._shown)}A" if self._shown else ""
            self._out.write(up + "\n".join(f"\x1b[2K{line}" for line in lines))
        else:
            # A log wants the stages, not every percent and every sample.
            lines = [f"{scan.name}: {p.words}" for scan, p in zip(SCANS, progress, strict=True)]
            known = {_without_numbers(line) for line in self._shown}
            for line in lines:
                if _without_numbers(line) not in known:
                    self._out.write(f"  {line}")
        self._shown = lines
        self._out.flush()


def _without_numbers(line: str) -> str:
    return re.sub(r"\d+", "", line)


def _line(name: str, progress: Progress) -> str:
    full = round(BAR * progress.fraction)
    bar = "█" * full + "·" * (BAR - full)
    return f"  {name:<{NAME}}  {bar} {progress.fraction:4.0%}  {progress.words}{_left(progress)}"


def _left(progress: Progress) -> str:
    if not progress.seconds_left:
        return ""
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    return f", about {minutes} min {seconds} s left" if minutes else f", about {seconds} s left"
