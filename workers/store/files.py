"""Folders that appear whole or not at all, and the hash of what is in them."""

import errno
import hashlib
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.store.places import Place, sha256_of_each

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoreError(Exception):
    """A store that cannot be read or written; the message is a sentence for a person."""


def content_hash(place: Place) -> str:
    """SHA-256 (hex) of every file at `place`; the same on every machine and in every kind of place.

    It is the SHA-256 of the text that `sha256sum` prints for the files in the order of their
    relative paths (`find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum`),
    so nobody needs this code to check it.
    """
    listing = hashlib.sha256()
    for name, digest in sha256_of_each(place).items():
        listing.update(f"{digest}  {name}\n".encode())
    return listing.hexdigest()


class NewFolder:
    """A folder in the making: a hidden sibling `.<name>.partial-…`, renamed when it is whole."""

    def __init__(self, path: Path) -> None:
        """Prepare `path`, which must not exist (StoreError)."""
        if path.exists():
            raise StoreError(f"{path.name} exists already; a finished store is never overwritten.")
        self.final = path
        self.partial = path.with_name(f".{path.name}.partial-{uuid.uuid4().hex[:12]}")
        with self.writing():
            self.partial.mkdir(parents=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Wrap every write: a failure removes the half-made folder; a full disk gets a sentence."""
        try:
            yield
        except BaseException as failure:
            self.abandon()
            if isinstance(failure, OSError) and failure.errno in NO_ROOM:
                raise StoreError(
                    f"There is no room left on the disk for {self.final.name}; nothing was kept "
                    "of it. Free some space and run it again."
                ) from failure
            raise

    def publish(self) -> None:
        """Give the folder its final name (StoreError if another one took it meanwhile)."""
        with self.writing():
            if self.final.exists():  # rename() replaces an empty folder without a word
                raise StoreError(f"{self.final.name} appeared while it was being written.")
            self.partial.rename(self.final)

    def abandon(self) -> None:
        """Remove what was written so far; harmless after `publish`."""
        shutil.rmtree(self.partial, ignore_errors=True)
