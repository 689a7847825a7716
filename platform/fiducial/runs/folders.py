"""Where results lie: one folder per run, in it one store per claim, of which one is published.

A claim writes to a folder of its machine. Where the store is a bucket, what it finished is carried
there and the folder removed.
"""

import logging
import shutil
from pathlib import Path

from django.conf import settings

from fiducial import places
from workers.store import Place, Unreachable
from workers.store.places import remove, size_of

from .models import Run

log = logging.getLogger(__name__)
TILES = "tiles"


def output_path(run: Run) -> str:
    """Where this claim's result lies, relative to the store. No two claims share a folder."""
    return f"{_folder(run)}/{run.token}.zarr"


def output(run: Run) -> Path:
    """The folder this claim writes to, on this machine."""
    return places.here(output_path(run))


def inputs(run: Run) -> Path:
    """Where this claim keeps what it was brought from a bucket."""
    return output(run).with_name(f".{run.token}.zarr.inputs")


def discard_inputs(run: Run) -> None:
    """Remove what this claim was brought, and the run's folder when nothing else is in it."""
    shutil.rmtree(inputs(run), ignore_errors=True)
    _remove_if_empty(inputs(run).parent)


def result(run: Run) -> Place:
    """Where the result of this claim is looked for once it is published."""
    return places.of(output_path(run))


def size(run: Run) -> int:
    """Bytes of this claim's result."""
    return size_of(result(run))


def tiles(run: Run) -> Path:
    """Where workers leave the tiles of a run they share, until it is over."""
    return places.here(_folder(run)) / TILES


def discard_tiles(run: Run) -> None:
    """Remove what workers left of the tiles of a run that is over."""
    shutil.rmtree(tiles(run), ignore_errors=True)
    _remove_if_empty(tiles(run).parent)


def discard(run: Run) -> None:
    """Remove what this claim wrote, and the run's folder when nothing else is in it.

    A bucket that does not answer is swept later.
    """
    shutil.rmtree(output(run), ignore_errors=True)
    _remove_if_empty(output(run).parent)
    if settings.OBJECTS:
        try:
            remove(result(run))
        except Unreachable as away:
            log.warning("Run %s: %s What it left there is removed later.", run.pk, away)


def discard_unpublished(run: Run) -> None:
    """Remove what earlier or lost claims of `run` left on this machine; keep the published result
    and, while it runs, what the present claim writes, and until it is over its tiles.
    """
    folder = places.here(_folder(run))
    if folder.is_dir():
        for leftover in [path for path in folder.iterdir() if not _kept(run, path.name)]:
            shutil.rmtree(leftover, ignore_errors=True)
        _remove_if_empty(folder)


def discard_objects(run: Run) -> None:
    """Remove from the bucket, if there is one, what lost claims of `run` carried there.

    A run that succeeded at its first claim has left nothing. Raises Unreachable.
    """
    if not settings.OBJECTS or (run.state == Run.State.SUCCEEDED and run.token == 1):
        return
    place = places.bucket() / _folder(run)
    for name in place.children():
        if not _kept(run, name):
            (place / name).remove()


def _folder(run: Run) -> str:
    return f"runs/{run.pk}"


def _kept(run: Run, name: str) -> bool:
    # A store in the making is a hidden sibling that begins with its final name.
    writing = f"{run.token}.zarr"
    in_the_making = name == writing or name.startswith(f".{writing}.")
    published = name == Path(run.store_path).name
    if name == TILES:
        return not run.is_final
    return published or (run.state == Run.State.RUNNING and in_the_making)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # another claim's result is in it, or it was never made
