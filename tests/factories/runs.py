"""Runs for tests: rows in any state, with the parameters their recipe would have cleaned."""

from datetime import timedelta

from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.celery import LANES
from fiducial.measurements.models import Measurement, Project
from fiducial.runs import folders
from fiducial.runs.models import Run, Worker
from tests.factories import event_runs, events, measurements
from workers.events import Events
from workers.store import RunStore


def run(measurement: Measurement, by: User | None = None, **facts: object) -> Run:
    """A queued run of the toy recipe, or whatever `facts` say."""
    return Run.objects.create(
        **{
            "measurement": measurement,
            "measurement_revision": measurement.revision,
            "recipe": "toy",
            "parameters": {"steps": 4, "pause": 0.1, "mood": "well"},
            "estimated": 0.5,
            "submitted_by": by or measurement.uploaded_by,
            "whole_memory": facts.get("memory", 0),
            **facts,
        }
    )


def running(measurement: Measurement, *, lease: float = 60.0, **facts: object) -> Run:
    """A run some worker holds for `lease` more seconds (negative: its lease has run out)."""
    now = timezone.now()
    held = {"state": Run.State.RUNNING, "attempt": 1, "token": 1, "worker": "gpu0@here"}
    lease_until = now + timedelta(seconds=lease)
    return run(measurement, **{**held, "started": now, "lease_until": lease_until, **facts})


def worker(
    name: str = "gpu0@here", queues: tuple[str, ...] = ("compute",), **facts: object
) -> Worker:
    """A worker of all lanes that lives, however long the test takes."""
    seen = timezone.now() + timedelta(minutes=5)
    return Worker.objects.create(
        **{"name": name, "queues": list(queues), "lanes": list(LANES), "seen": seen, **facts}
    )


def of_events(project: Project, by: User, name: str = "", held: Events | None = None) -> Run:
    """A finished run on calorimeter events, as `event_runs.write` makes it."""
    held = held or events.read()
    made = run(
        measurements.ready(project, by, held, name and f"{name} showers"),
        recipe="calorimeter",
        parameters={"samples": event_runs.SAMPLES, "steps": 10},
        state=Run.State.SUCCEEDED,
        finished=timezone.now(),
    )
    path = folders.output(made)
    event_runs.write(path, held)
    made.store_path = folders.output_path(made)
    made.summary = RunStore(path).summary
    made.save()
    return made
