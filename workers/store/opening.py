"""Opening what lies at a place: documents and arrays, from a folder or through the network.

Nothing that has been published changes, so what was opened is kept: for a folder as long as its
metadata are the same file, so that one removed or written anew is not taken for what was there.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.core.buffer import Buffer, BufferPrototype

from workers.store.objects import ObjectPlace
from workers.store.places import Place


def document(place: Place) -> dict[str, Any]:
    """The metadata of the group at a place (OSError or ValueError where there is none)."""
    if isinstance(place, ObjectPlace):
        return _kept_document(place)
    return _document(place)


def array(place: Place) -> zarr.Array[Any]:
    """The array at a place, opened for reading (FileNotFoundError where there is none)."""
    if isinstance(place, ObjectPlace):
        return _kept_array(place, os.getpid())
    written = (place / "zarr.json").stat()
    return _array_of(place, written.st_ino, written.st_mtime_ns)


def _document(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "zarr.json").read_text())
    return found


@lru_cache(maxsize=1024)
def _array_of(place: Path, inode: int, written_ns: int) -> zarr.Array[Any]:
    return zarr.open_array(place, mode="r")


@lru_cache(maxsize=1024)
def _kept_document(place: ObjectPlace) -> dict[str, Any]:
    return _document(place)


@lru_cache(maxsize=1024)
def _kept_array(place: ObjectPlace, process: int) -> zarr.Array[Any]:
    return zarr.open_array(Bucket(place), mode="r", zarr_format=3)


class Bucket(Store):
    """What Zarr reads of the objects below a place. Each is asked for in a thread of its own."""

    def __init__(self, place: ObjectPlace) -> None:
        super().__init__(read_only=True)
        self._place = place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bucket) and other._place == self._place

    def __hash__(self) -> int:
        return hash(self._place)

    def __str__(self) -> str:
        return str(self._place)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """The object's bytes, or those of a range; None where there is no such object."""
        try:
            found = await asyncio.to_thread((self._place / key).read_range, _span(byte_range))
        except FileNotFoundError:
            return None
        return prototype.buffer.from_bytes(found)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Several ranges at once."""
        return await asyncio.gather(*(self.get(key, prototype, span) for key, span in key_ranges))

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        return await asyncio.to_thread((self._place / key).is_file)

    @property
    def supports_listing(self) -> bool:
        return True

    async def list(self) -> AsyncIterator[str]:
        """All keys."""
        for name in await asyncio.to_thread(self._place.files):
            yield name

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """All keys that begin with `prefix`."""
        async for name in self.list():
            if name.startswith(prefix):
                yield name

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """The names directly below `prefix`."""
        inner = self._place / prefix.strip("/") if prefix.strip("/") else self._place
        for name in await asyncio.to_thread(inner.children):
            yield name

    @property
    def supports_writes(self) -> bool:
        return False

    async def set(self, key: str, value: Buffer) -> None:
        """Not done here: finished folders are carried up."""
        raise NotImplementedError

    @property
    def supports_deletes(self) -> bool:
        return False

    async def delete(self, key: str) -> None:
        """Not done here, for the same reason."""
        raise NotImplementedError


def _span(byte_range: ByteRequest | None) -> str:
    match byte_range:
        case None:
            return ""
        case RangeByteRequest(start, end):
            return f"bytes={start}-{end - 1}"
        case OffsetByteRequest(offset):
            return f"bytes={offset}-"
        case SuffixByteRequest(suffix):
            return f"bytes=-{suffix}"
    raise TypeError(f"no range of bytes: {byte_range!r}")
