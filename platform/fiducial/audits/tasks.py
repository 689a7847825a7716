"""What a worker does with an audit ticket. Imported by workers only: others name the task."""

from fiducial.celery import app

from . import tickets
from .work import judge_next

SOFT_SECONDS = 900  # a judgement reads windows only; a minute is usual


@app.task(name=tickets.TASK, soft_time_limit=SOFT_SECONDS, time_limit=SOFT_SECONDS + 30)
def judge() -> None:
    """Judge the run that has waited longest, if one waits."""
    judge_next()
