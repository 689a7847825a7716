"""Where results lie: one folder per run, in it one store per claim, of which one is published."""

import shutil
from pathlib import Path

from django.conf import settings

from .models import Run

TILES = "tiles"


def output_path(run: Run) -> str:
    """Where this claim writes, relative to STORE. No two claims share a folder."""
    return f"runs/{run.pk}/{run.token}.zarr"


def output(run: Run) -> Path:
    """The folder this claim writes to, on this machine."""
    return settings.STORE / output_path(run)


def size(run: Run) -> int:
    """Bytes this claim has written."""
    return sum(path.stat().st_size for path in output(run).rglob("*") if path.is_file())


def tiles(run: Run) -> Path:
    """Where workers leave the tiles of a run they share, until it is over."""
    return settings.STORE / "runs" / str(run.pk) / TILES


def discard_tiles(run: Run) -> None:
    """Remove what workers left of the tiles of a run that is over."""
    shutil.rmtree(tiles(run), ignore_errors=True)
    _remove_if_empty(tiles(run).parent)


def discard(run: Run) -> None:
    """Remove what this claim wrote, and the run's folder when nothing else is in it."""
    shutil.rmtree(output(run), ignore_errors=True)
    _remove_if_empty(output(run).parent)


def discard_unpublished(run: Run) -> None:
    """Remove what earlier or lost claims of `run` left behind; keep the published result and,
    while it runs, what the present claim writes, and until it is over its tiles.
    """
    folder = settings.STORE / "runs" / str(run.pk)
    published, writing = Path(run.store_path).name, f"{run.token}.zarr"

    def kept(name: str) -> bool:
        # A store in the making is a hidden sibling that begins with its final name.
        in_the_making = name == writing or name.startswith(f".{writing}.")
        if name == TILES:
            return not run.is_final
        return name == published or (run.state == Run.State.RUNNING and in_the_making)

    if folder.is_dir():
        for leftover in [path for path in folder.iterdir() if not kept(path.name)]:
            shutil.rmtree(leftover, ignore_errors=True)
        _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # another claim's result is in it, or it was never made
