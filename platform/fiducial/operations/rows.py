"""All rows of the database as lines of JSON: one form for SQLite and PostgreSQL.

Neither `pg_dump` nor SQLite's own backup reads on both, and the first must be of the server's
version on every machine. Lines of JSON need nothing, and let a portal move between the two.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

# What the tables' own making writes, what ends with the processes it speaks of, and sessions:
# after a restore people sign in again.
_LEFT_OUT = frozenset(
    ("contenttypes.contenttype", "auth.permission", "sessions.session", "runs.worker")
)


class Exact(DjangoJSONEncoder):
    """Django's own cuts times to milliseconds."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime | time) else super().default(value)


def migrations() -> list[str]:
    """The migrations this database has: rows fit where there are the same."""
    return sorted(
        f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
    )


def write(path: Path) -> None:
    """Write all rows as they are at one moment; people and workers go on writing meanwhile."""
    with _one_moment(), path.open("w", encoding="utf-8") as stream:
        serializers.serialize("jsonl", _all(), stream=stream, cls=Exact)


def read(path: Path) -> None:
    """Put rows that `write` wrote into empty tables: all of them, or none."""
    with transaction.atomic():
        call_command("flush", interactive=False, verbosity=0)  # what migrations put there
        call_command("loaddata", str(path), verbosity=0)


def _all() -> Iterator[models.Model]:
    with_apps = [(config, None) for config in apps.get_app_configs()]
    for model in serializers.sort_dependencies(with_apps, allow_cycles=True):
        if model._meta.label_lower not in _LEFT_OUT and model._meta.managed:
            yield from model._base_manager.order_by("pk").iterator()


@contextmanager
def _one_moment() -> Iterator[None]:
    """Inside, reads see the database as it is now and keep nobody from writing."""
    if connection.vendor == "sqlite":
        # By hand: a transaction of Django's takes SQLite's write lock when it opens.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
