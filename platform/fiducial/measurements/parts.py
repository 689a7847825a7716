"""What was read of the files of a measurement, in few enough parts to ask about each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

ASKED = 100  # parts: more than a field may have maps, so that some can be left out
FRAMES_ASKED = 12  # of a movie one by one; more are asked about together
_PAGE = re.compile(r"#\d+$")


@dataclass(frozen=True)
class Part:
    """A part of the files under the `names` that its pictures have there, read as `read_as`."""

    label: str
    read_as: str
    names: tuple[str, ...]


def of(pictures: Sequence[tuple[str, str]], *, movie: bool) -> list[Part]:
    """The parts of `pictures` (name, what it was read as); none where there are too many.

    Where they are many, the frames of a stack are one part, and so are those of one quantity of
    several scans.
    """
    if len(pictures) <= (FRAMES_ASKED if movie else ASKED):
        return [Part(name, read_as, (name,)) for name, read_as in pictures]
    grouped: dict[str, list[tuple[str, str]]] = {}
    for name, read_as in pictures:
        stack = without_page(name)
        label = stack if stack != name else name.rpartition("/")[2]
        grouped.setdefault(label, []).append((name, read_as))
    return [_part(label, own) for label, own in grouped.items()] if len(grouped) <= ASKED else []


def without_page(name: str) -> str:
    """The name of the stack that a page is of: "run.tif" of "run.tif#7"."""
    return _PAGE.sub("", name)


def _part(label: str, pictures: Sequence[tuple[str, str]]) -> Part:
    read_as = {read_as for _, read_as in pictures}
    return Part(
        label if len(pictures) == 1 else f"{label}, {len(pictures)} pictures",
        read_as.pop() if len(read_as) == 1 else "",
        tuple(name for name, _ in pictures),
    )
