"""Between this machine and object storage: finished folders up, inputs of a run down."""

import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from workers.store.objects import ObjectPlace, Unreachable
from workers.store.places import AT_ONCE, files

LONGEST_PAUSE = 10.0  # seconds between two tries of a store that does not answer
LOOK = 0.5  # seconds between two looks whether to go on

Step = Callable[[float], None]  # is told how much is done, 0 to 1; stops the way by raising


def carry_up(folder: Path, place: ObjectPlace, *, step: Step, patience: float) -> None:
    """Put every file of a finished `folder` below `place`, byte for byte.

    `step` is called at least every half second. Where the store does not answer, a file is tried
    again for `patience` seconds, then Unreachable is raised. What was carried so far stays: it
    counts for nothing until a row names it, and whoever carries again writes over it.
    """
    _each(files(folder), lambda name: (place / name).write(folder / name), step, patience)
    if _looked_at(place, step, patience) != files(folder):
        raise Unreachable("The object store did not keep what it was given.")


def bring(place: ObjectPlace, target: Path, *, step: Step, patience: float) -> None:
    """Put a copy of the object at `place`, or of the folder there, to the new `target` here.

    Nothing is made where nothing is. `step` and `patience` are those of `carry_up`.
    """
    found = _looked_at(place, step, patience)
    _each(found, lambda name: _write(place / name, target / name), step, patience)
    if not found and place.is_file():
        _each([target.name], lambda _: _write(place, target), step, patience)


def _looked_at(place: ObjectPlace, step: Step, patience: float) -> dict[str, int]:
    """What lies below a place, asked for with the same patience."""
    found: dict[str, int] = {}
    _each([place.name], lambda _: found.update(place.files()), step, patience)
    return found


def _write(place: ObjectPlace, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as target:
        for piece in place.pieces():
            target.write(piece)


def _each(names: Collection[str], do: Callable[[str], None], step: Step, patience: float) -> None:
    """Do it for every name, several at once, each again while the store is away."""
    over = threading.Event()

    def insist(name: str) -> None:
        pause, until = LOOK, time.monotonic() + patience
        while True:
            try:
                return do(name)
            except Unreachable:
                if time.monotonic() + pause > until or over.wait(pause):
                    raise
            pause = min(2 * pause, LONGEST_PAUSE)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        left = {pool.submit(insist, name) for name in names}
        try:
            while left:
                done, left = wait(left, timeout=LOOK, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
                step(1 - len(left) / len(names))
        except BaseException:
            over.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
