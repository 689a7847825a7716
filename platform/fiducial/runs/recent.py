"""One reading of the queue for everybody who asks within two seconds: hundreds of pages follow it.

Each process of the portal keeps its own. Nothing about what happens to a run is decided by it.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import DEFAULT_DB_ALIAS
from django.utils.crypto import constant_time_compare

from fiducial.accounts import permissions, preview
from fiducial.accounts.models import Membership, User

from .models import Run
from .queries import Queue, read_queue

# What a page that follows a run says of it, in the order in which the row has it.
_SAID = {
    *("id", "lab_id", "recipe", "state", "attempt", "worker", "lease_until", "in_tiles"),
    *("cancel_requested", "stage", "fraction", "seconds_left", "lane", "estimated", "memory"),
    *("whole_memory", "after_id"),
}
MOVING = tuple(one.attname for one in Run._meta.concrete_fields if one.attname in _SAID)
# What tells whether a session is still theirs.
_TOLD = {"id", "username", "password", "is_active"}
IDENTITY = tuple(one.attname for one in User._meta.concrete_fields if one.attname in _TOLD)


@dataclass(frozen=True)
class Moment:
    """The queue at one moment; the runs that were not over, what they measured and the people of
    labs, as rows; and who belonged where.
    """

    queue: Queue
    rows: dict[UUID, tuple[Any, ...]]
    names: dict[UUID, str]  # run -> its measurement
    people: dict[int, tuple[Any, ...]]
    roles: dict[int, dict[int, str]]  # person -> lab -> role

    def role(self, user: User, run: Run) -> str | None:
        """What `user` is in the lab of `run`; None for those who do not belong to it."""
        return self.roles.get(user.pk, {}).get(run.lab_id)


@dataclass
class Reading:
    """The moment that was read, and when; None before the first time."""

    moment: Moment | None = None
    since: float = 0.0
    lock: Lock = field(default_factory=Lock)  # one reads it at a time

    def get(self, waiting: Collection[UUID]) -> Moment:
        """The queue as it is kept, or as it is now where that is too old or lacks a run."""
        kept = self.moment
        if kept is not None and kept.rows.keys() >= set(waiting):
            # While somebody reads it anew, others go on with what is there.
            if self._fresh() or not self.lock.acquire(blocking=False):
                return kept
        else:
            self.lock.acquire()
        try:
            return self._read(waiting)
        finally:
            self.lock.release()

    def _read(self, waiting: Collection[UUID]) -> Moment:
        known = self.moment is not None and self.moment.rows.keys() >= set(waiting)
        if self.moment is None or not known or not self._fresh():
            self.since = monotonic()  # what changes while it is read counts as not seen
            self.moment = _now()
        return self.moment

    def _fresh(self) -> bool:
        return monotonic() - self.since < settings.QUEUE_SEEN_SECONDS


_last = Reading()


def queue(waiting: Collection[UUID]) -> Queue:
    """The queue as it stood at most QUEUE_SEEN_SECONDS ago, with every run of `waiting` in it."""
    return _last.get(waiting).queue


def queue_of(*runs: Run) -> Queue:
    """The queue for what is said about `runs`."""
    queued = [run for run in runs if run.state == Run.State.QUEUED]
    return queue([run.pk for run in queued if not run.cancel_requested])


def visitor(session: SessionBase) -> User | None:
    """Who is signed in, as they were at most QUEUE_SEEN_SECONDS ago, with no more than IDENTITY of
    them. None where only the database knows: of people of no lab, new, shut out or with a new
    password, and of who looks with the eyes of another.
    """
    row = _last.get(()).people.get(int(session.get(SESSION_KEY, 0)))
    if row is None or preview.KEY in session:
        return None
    user = User.from_db(DEFAULT_DB_ALIAS, IDENTITY, row)
    signed_in = constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )
    return user if user.is_active and signed_in else None


def followed(user: User, pk: UUID) -> tuple[Run, bool] | None:
    """The run as it was at most QUEUE_SEEN_SECONDS ago, with no more than MOVING of it, and
    whether `user`, a `visitor`, may change it. None where only the database knows: of runs that
    are over, new, shared in tiles or not this person's to see.
    """
    moment = _last.get(())
    row = moment.rows.get(pk)
    if row is None:
        return None
    run = Run.from_db(DEFAULT_DB_ALIAS, MOVING, row)
    role = moment.role(user, run)
    if run.in_tiles or role not in permissions.MATRIX[permissions.SEE]:
        return None
    return run, role in permissions.MATRIX[permissions.WORK]


def moving(keys: Collection[UUID]) -> tuple[Queue, list[tuple[Run, str]]]:
    """The queue as `queue` has it, and those of the runs `keys` that are not over, in this order,
    with no more than MOVING of them; and what each measured.
    """
    moment = _last.get(keys)
    return moment.queue, [
        (Run.from_db(DEFAULT_DB_ALIAS, MOVING, moment.rows[key]), moment.names[key])
        for key in keys
        if key in moment.rows
    ]


def _now() -> Moment:
    queue = read_queue()
    active = Run.objects.filter(state__in=Run.ACTIVE)
    listed = list(active.values_list(*MOVING, "measurement__name"))
    roles: dict[int, dict[int, str]] = defaultdict(dict)
    people: dict[int, tuple[Any, ...]] = {}
    known = Membership.objects.values_list("lab", "role", *(f"user__{each}" for each in IDENTITY))
    for lab, role, *person in known:
        people[person[0]] = tuple(person)
        roles[person[0]][lab] = role
    rows = {row[0]: row[:-1] for row in listed}
    return Moment(queue, rows, {row[0]: row[-1] for row in listed}, people, dict(roles))
