"""Tiles on disk are a memory: read where they are whole, made again where they are not."""

from pathlib import Path

import torch

from workers.posteriors.shelf import NOTHING_KEPT, FolderShelf, Parts


def test_a_tile_is_made_once_and_read_afterwards(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> Parts:
        made.append(1)
        return {"mean": torch.arange(6.0).reshape(2, 3)[:, ::2]}

    first = FolderShelf(tmp_path / "tiles").tile("predicted-0", make)
    again = FolderShelf(tmp_path / "tiles").tile("predicted-0", make)
    assert torch.equal(first["mean"], again["mean"])
    assert len(made) == 1
    assert [file.name for file in (tmp_path / "tiles").iterdir()] == ["predicted-0.safetensors"]
    NOTHING_KEPT.tile("predicted-0", make)
    assert len(made) == 2


def test_a_tile_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "predicted-0.safetensors").write_bytes(b"\x08\x00")
    shelf = FolderShelf(tmp_path)
    assert shelf.tile("predicted-0", lambda: {"mean": torch.ones(2)})["mean"].tolist() == [1, 1]
    assert shelf.tile("predicted-0", dict)["mean"].tolist() == [1, 1]
