"""What the visitors of the load test find: labs, people signed in, waiting runs, finished maps.

Runs inside the settings of a portal.
"""

import os
import shutil
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from fiducial.accounts.models import User
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from tests.factories import measurements, run_store, runs
from tests.factories.finished_runs import finished_run

from . import sharing

MEMBERS = 17  # of each lab: two hundred in all
CHANNELS = ("Si", "Fe", "Ca", "Mg", "Al", "S")
SHAPE, FACTOR, SAMPLES = (128, 128), 4, 4
TILES = ("estimate/{channel}/0/{row}/{column}", "risk/{channel}/0/{row}/{column}",
         "samples/1/{channel}/0/{row}/{column}", "estimate/{channel}/1/0/0")  # fmt: skip


def built() -> list[dict[str, Any]]:
    """Everybody: their session, the run they follow, and addresses of pages and tiles they open."""
    maps = sharing.labs(MEMBERS)
    for number in range(sharing.WORKERS):
        runs.worker(f"gpu{number}@here")
        runs.running(maps[number % sharing.LABS], worker=f"gpu{number}@here", seconds_left=900.0)
    sharing.fill(maps, sharing.WAITING, sharing.ENDED)
    specimen = run_store.draw_specimen(channels=CHANNELS, shape=SHAPE, factor=FACTOR)
    first = finished_run(maps[0].uploaded_by, specimen=specimen, samples=SAMPLES)
    visitors = []
    for one in maps:
        finished = _like(first, one)
        waiting = list(Run.objects.filter(lab=one.project.lab, state=Run.State.QUEUED))
        for number, user in enumerate(User.objects.filter(memberships__lab=one.project.lab)):
            visitors.append(_visitor(user, waiting[number % len(waiting)], finished))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself within a minute
    return visitors


def _like(run: Run, one: Measurement) -> Run:
    """A finished run in the lab of `one`, with the same files."""
    project, member = one.project, one.uploaded_by
    made = Run(
        measurement=_copied(run.measurement, project, member),
        measurement_revision=1,
        recipe=run.recipe,
        parameters=run.parameters,
        submitted_by=member,
        state=Run.State.SUCCEEDED,
        started=run.finished,
        finished=run.finished,
        summary=run.summary,
    )
    made.store_path = f"runs/{made.pk}/1.zarr"
    _linked(run.store_path, made.store_path)
    made.save()
    return made


def _copied(one: Measurement, project: Any, member: User) -> Measurement:
    made = measurements.ready(project, member)
    shutil.rmtree(settings.STORE / made.store_path)
    _linked(one.store_path, made.store_path)
    made.summary, made.content_hash = one.summary, one.content_hash
    made.save()
    return made


def _linked(source: str, target: str) -> None:
    shutil.copytree(settings.STORE / source, settings.STORE / target, copy_function=os.link)


def _visitor(user: User, follows: Run, finished: Run) -> dict[str, Any]:
    browser = Client()
    browser.force_login(user)
    measurement, tile = finished.measurement, f"/runs/{finished.pk}/tile/"
    middle = {"channel": user.pk % len(CHANNELS), "row": user.pk % 2, "column": user.pk // 2 % 2}
    return {
        "session": browser.cookies[settings.SESSION_COOKIE_NAME].value,
        "follows": reverse("runs:run-progress", args=[follows.pk]),
        "pages": [
            reverse("accounts:home"),
            reverse("runs:queue"),
            measurement.project.get_absolute_url(),
            measurement.get_absolute_url(),
            follows.get_absolute_url(),
            finished.get_absolute_url(),
        ],
        "tiles": [
            *(tile + one.format(**middle) for one in TILES),
            f"/measurements/{measurement.pk}/tile/measured/{middle['channel']}/0/0/0",
        ],
    }
