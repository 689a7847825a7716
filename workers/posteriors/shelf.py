"""Tiles that were computed before, perhaps by another process, are read instead of computed again.

A tile depends on nothing but the map, the model, the seed and how the map is cut, so whoever makes
it makes the same bits. Hence nobody needs to agree on anything: two processes that make one tile
put the same file there, and one that is missing or was cut short is made when it is asked for.
"""

import uuid
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

Parts = dict[str, Tensor]


class Shelf:
    """Keeps nothing: every tile is computed when it is asked for."""

    def tile(self, name: str, make: Callable[[], Parts]) -> Parts:
        """The tensors of the tile called `name`, which `make` computes."""
        return make()


class FolderShelf(Shelf):
    """Keeps every tile as a file of `folder`, which any process may read and add to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tile(self, name: str, make: Callable[[], Parts]) -> Parts:
        """The tensors of the tile called `name`: read, or made and kept."""
        file = self._folder / f"{name}.safetensors"
        try:
            return load_file(file)
        except (FileNotFoundError, SafetensorError):
            made = make()
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{uuid.uuid4().hex[:12]}")
        try:
            save_file({key: value.contiguous() for key, value in made.items()}, unfinished)
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
        return made


NOTHING_KEPT = Shelf()
