"""Whether a selection of files is a scan, by what is in them; and which of them holds what."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workers.readers import tiff
from workers.readers.diffraction import cxi, live, matlab, npz, products, stack
from workers.readers.diffraction.found import Found
from workers.readers.problems import refusal

HEAD_BYTES = 4096


class Format(NamedTuple):
    """One format that holds a whole scan in a file: `recognises(path, first bytes)`, `read`."""

    recognises: Callable[[Path, bytes], bool]
    read: Callable[[Path], Found]


FORMATS = (
    Format(npz.recognises, npz.read),
    Format(cxi.recognises, cxi.read),
    Format(products.is_ptypy, products.read_ptypy),
    Format(matlab.recognises, matlab.read),
)


def scan_in(paths: Sequence[Path], told: Mapping[str, Any]) -> Found | None:
    """What the files hold of a scan; None where they are none (ReadError where one is broken)."""
    if opened := next((path for path in paths if live.recognises(path)), None):
        return live.read(opened)
    heads = {path: _head(path) for path in paths if path.is_file()}
    for path, head in heads.items():
        for one in FORMATS:
            if one.recognises(path, head):
                return one.read(path)
    frames = [path for path, head in heads.items() if products.is_frames(path, head)]
    places = [path for path, head in heads.items() if products.is_parameters(path, head)]
    if frames and places:
        return products.read_pair(frames[0], places[0])
    if frames or places:
        return products.alone((frames or places)[0])
    return _stack_in(heads, told)


def _stack_in(heads: Mapping[Path, bytes], told: Mapping[str, Any]) -> Found | None:
    """A stack beside one table; frames of a rocking curve where a person says so."""
    tiffs = [path for path, head in heads.items() if tiff.recognises(path, head)]
    stacks = [path for path in tiffs if stack.is_stack(path)]
    if not stacks and tiffs and told.get("content") in ("scan", "volume"):
        stacks = tiffs[:1]  # which is said to be one, so that it is said what is wrong with it
    if len(stacks) != 1:
        return None
    if told.get("content") == "volume":
        return Found("TIFF stack", stack.pages(stacks[0]), values="counts")
    tables = [path for path in heads if path not in stacks and stack.table(path) is not None]
    if len(tables) == 1:
        return stack.read(stacks[0], tables[0])
    if told.get("content") == "scan":
        raise refusal(
            stacks[0].name,
            "The frames of a scan came without their places.",
            "Upload one table beside them: a row (row, column) for each frame.",
        )
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
