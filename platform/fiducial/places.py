"""Where the portal keeps what: arrays at a place of the store, everything else in its folder.

The store is the folder `STORE`, or the bucket `OBJECTS`. With a bucket, `STORE` is a folder of each
machine: it holds uploads and reports on the portal's, and on every other what is being worked on.
"""

import shutil
from pathlib import Path

from django.conf import settings

from workers.store import ObjectPlace, Place
from workers.store.carrying import carry_up


def of(path: str) -> Place:
    """The place of an array store, by its path relative to the store, with "/"."""
    return bucket() / path if settings.OBJECTS else here(path)


def here(path: str) -> Path:
    """The same path in the folder of this machine: where it lies, or where it is made."""
    return settings.STORE / path


def bucket() -> ObjectPlace:
    """The bucket's part that is this portal's. Ask only where `OBJECTS` is set."""
    return ObjectPlace.of(settings.OBJECTS)


def keep(path: str) -> None:
    """Carry what was finished here to its place, where that is elsewhere (Unreachable if away)."""
    if settings.OBJECTS:
        carry_up(here(path), bucket() / path, step=lambda _: None, patience=0)
        shutil.rmtree(here(path), ignore_errors=True)
