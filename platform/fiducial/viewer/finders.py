"""Finds plotly.min.js inside the installed plotly package: nothing is copied, no CDN is asked."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAME = "plotly/plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Serves one file, `plotly/plotly.min.js`, to the pages and to `collectstatic`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The package is only located: importing it would cost every web process half a second.
        (package,) = find_spec("plotly").submodule_search_locations
        self.file = Path(package) / "package_data" / "plotly.min.js"

    def check(self, **_: Any) -> list[Any]:
        """Nothing to configure, so nothing to complain about."""
        return []

    def find(self, path: str, find_all: bool = False) -> str | list[str]:
        """The file's place if `path` is its static name; else nothing."""
        found = [str(self.file)] if path == NAME else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """The one file, from a storage that calls its folder `plotly`."""
        storage = FileSystemStorage(location=self.file.parent)
        storage.prefix = "plotly"
        yield self.file.name, storage
