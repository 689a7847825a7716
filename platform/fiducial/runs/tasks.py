"""What a ticket sets going. Imported by workers only: web processes name the task."""

from typing import Any

from celery import Task

from fiducial.celery import app

from . import tickets
from .work import work_one


@app.task(name=tickets.TASK, bind=True)
def work(self: Task, *args: Any) -> None:
    """Take the next run in turn and bring it to an end."""
    work_one(worker=self.request.hostname)
