"""Whether this portal can do its work: sentences of what is wrong, without address or secret."""

import shutil
import tempfile
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from kombu.exceptions import KombuError

from fiducial import places
from fiducial.celery import COMPUTE, app
from workers.store import Unreachable

_GIB = 1024**3


def problems() -> dict[str, str]:
    """What is wrong now, by part; empty when the portal is ready. Never raises."""
    said = {name: check() for name, check in _CHECKS.items()}
    return {name: sentence for name, sentence in said.items() if sentence}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "The database does not answer."
    return ""


def _broker() -> str:
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0.1)
            broker.default_channel.queue_declare(COMPUTE)
    except (KombuError, OSError):
        return "The broker does not answer. Runs are queued, but start only at the next sweep."
    return ""


def _store() -> str:
    try:
        settings.STORE.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=settings.STORE, prefix=".ready-") as probe:
            probe.write(b"ready")
    except OSError as failure:
        return f"The store cannot be written: {failure.strerror}."
    return ""


def _objects() -> str:
    if settings.OBJECTS:
        try:
            (places.bucket() / ".ready").probe()
        except Unreachable as away:
            return f"{away} Arrays can neither be shown nor kept."
    return ""


def _disk() -> str:
    try:
        free = shutil.disk_usage(settings.STORE).free
    except OSError:
        return "The free space of the store cannot be read."
    if free < settings.FREE_FLOOR_BYTES:
        return (
            f"The store has {free / _GIB:.1f} GiB free; "
            f"{settings.FREE_FLOOR_BYTES / _GIB:.1f} GiB shall stay free."
        )
    return ""


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "store": _store,
    "objects": _objects,
    "disk": _disk,
}
