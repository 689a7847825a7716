"""Progress on standard error, so that standard output stays for what the next command needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TransferSpeedColumn,
)

console = Console(stderr=True, highlight=False)


@contextmanager
def sending(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes that are there, and all bytes."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda there, total: bars.update(bar, completed=there, total=total)


@contextmanager
def fetching(title: str) -> Iterator[Callable[[int], None]]:
    """Bytes that came, of a file whose size is not known before."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda got: bars.update(bar, advance=got)


@contextmanager
def running() -> Iterator[Callable[[str, float], None]]:
    """What a run is doing, and the share of it that is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task("", total=1.0)
        yield lambda words, share: bars.update(bar, description=words, completed=share)
