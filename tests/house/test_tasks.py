"""Rules for what workers run and what web processes import."""

import subprocess
import sys

from fiducial.celery import QUEUES, app
from tests.data import ROOT


def own_tasks():
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_every_task_has_a_soft_limit_before_its_hard_limit():
    tasks = own_tasks()
    assert sorted(tasks) == ["audits.judge", "measurements.ingest", "runs.work"]
    for task in tasks.values():
        hard = task.time_limit or app.conf.task_time_limit
        soft = task.soft_time_limit or app.conf.task_soft_time_limit
        assert 0 < soft < hard


def test_queues_are_the_declared_ones():
    assert {queue.name for queue in app.conf.task_queues} == set(QUEUES)
    assert app.conf.task_create_missing_queues is False


def test_web_process_imports_no_torch():
    script = (
        "import sys; sys.path[:0] = ['platform', '.']\n"
        "import fiducial.wsgi, fiducial.urls\n"
        "from django.urls import get_resolver\n"
        "assert get_resolver().url_patterns\n"
        "print([name for name in ('torch', 'pyro', 'matplotlib') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "fiducial.settings.test", "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == "[]"
