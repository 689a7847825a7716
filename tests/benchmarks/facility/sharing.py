"""Is the queue fair in a simulated week, and does it stay quick with a thousand runs waiting?

Runs inside the settings of a portal, on a database that nobody else uses.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.runs import leases
from fiducial.runs.models import Run
from tests.factories import measurements, people, runs
from tests.runs import week

SEEDS = (1, 2, 3, 4, 5)
LABS, PEOPLE, WORKERS = 12, 10, 16
WAITING, ENDED = 1000, 3000
CLAIMS, PAGES = 100, 30
QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"  # nobody signs in with a password


def fairness() -> dict[str, Any]:
    """The least part of its share any lab got while it had waiting work, over all seeds."""
    weeks = [week.play(seed) for seed in SEEDS]
    labs = range(1, week.LABS + 1)
    control = week.share_ratios(week.play(SEEDS[0], week.first_come))
    return {
        "min_share_ratio": min(min(week.share_ratios(one)) for one in weeks),
        "longest_halt_h": max(week.longest_halt(one, lab) for one in weeks for lab in labs) / 3600,
        "first_come_first_served": min(control),
        "seeds": len(SEEDS),
    }


def queue() -> dict[str, Any]:
    """How long a claim and the page of the queue take with a thousand runs waiting."""
    maps = labs(PEOPLE)
    member = Client(SERVER_NAME="127.0.0.1")
    member.force_login(maps[0].uploaded_by)
    for number in range(WORKERS):
        runs.worker(f"gpu{number}@here")
    fill(maps, WAITING // 10, ENDED // 10)
    few = _queries(member)
    fill(maps, WAITING - WAITING // 10, ENDED - ENDED // 10)
    for number in range(WORKERS):
        leases.claim(f"gpu{number}@here")
    many = _queries(member)
    cpu = time.process_time()
    for _ in range(PAGES):
        _claim()
        _put_back()
    cpu = time.process_time() - cpu
    return {
        "claim_p95_ms": _p95(_claim, CLAIMS),
        "claim_cpu_ms": 1000 * cpu / PAGES,  # with putting the run back; however busy the machine
        "page_ms": _p95(lambda: _page(member), PAGES),
        "page_queries": many,
        "more_queries": many - few,
        "database": connection.vendor,
        "waiting": WAITING,
        "ended": ENDED,
    }


@override_settings(PASSWORD_HASHERS=[QUICK_HASHER])
def labs(members: int) -> list[Measurement]:
    """Labs of so many people, each with a map that can be run."""
    maps = []
    for number in range(LABS):
        everybody = [people.person() for _ in range(members)]
        lab = people.lab(f"Lab {number}")
        for person in everybody:
            lab.memberships.create(user=person, role="member")
        maps.append(measurements.ready(measurements.project(lab), everybody[0]))
    return maps


def fill(maps: list[Measurement], waiting: int, ended: int) -> None:
    """Queue runs of all labs and people, and let others have ended in the last six days."""
    rng, now = np.random.default_rng(7), timezone.now()
    users = {one.pk: list(User.objects.filter(memberships__lab=one.project.lab)) for one in maps}
    rows = []
    for number in range(waiting + ended):
        one = maps[rng.integers(LABS)]
        seconds = float(rng.uniform(60, 7200))
        row = Run(
            measurement=one,
            lab=one.project.lab,
            measurement_revision=1,
            recipe="xray-ensemble",
            parameters={"factor": 4, "samples": 16},
            submitted_by=users[one.pk][rng.integers(len(users[one.pk]))],
            lane="interactive" if seconds < 600 else "batch",
            estimated=seconds,
        )
        if number >= waiting:
            row.state = Run.State.SUCCEEDED
            row.finished = now - timedelta(seconds=float(rng.uniform(0, 6 * 86400)))
            row.started = row.finished - timedelta(seconds=seconds)
        rows.append(row)
    Run.objects.bulk_create(rows)


def _claim() -> None:
    """One claim as a worker does it; the run is put back outside the time that is taken."""
    assert leases.claim("gpu0@here") is not None


@override_settings(QUEUE_SEEN_SECONDS=0.0)
def _page(member: Client) -> None:
    """The page of the queue, with a reading of its own."""
    assert member.get(reverse("runs:queue")).status_code == 200


def _queries(member: Client) -> int:
    _page(member)
    with CaptureQueriesContext(connection) as queries:
        _page(member)
    return len(queries)


def _put_back() -> None:
    """Leave as many runs under way as there are workers."""
    for run in Run.objects.filter(state=Run.State.RUNNING).order_by("started")[WORKERS:]:
        leases.hand_back(run)


def _p95(step: Callable[[], None], count: int) -> float:
    """The time below which 95 of 100 calls stay, milliseconds."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        step()
        took.append(1000 * (time.perf_counter() - began))
        _put_back()
    return float(np.quantile(took, 0.95))
