"""What a terminal shows of a run, and how a worker refuses to start."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import runs


def follow(run) -> str:
    said = StringIO()
    call_command("follow_run", str(run.pk), stdout=said)
    return said.getvalue()


def test_a_run_that_is_over_is_told_in_one_line(measurement):
    assert follow(runs.run(measurement, state="succeeded")) == "finished\n"


def test_a_failed_run_ends_the_command_with_its_reason(measurement, capsys):
    failed = runs.run(measurement, state="failed", error="The disk is full.")
    said = StringIO()
    with pytest.raises(CommandError, match="The run failed"):
        call_command("follow_run", str(failed.pk), stdout=said)
    assert said.getvalue() == "failed: The disk is full.\n"


@pytest.mark.django_db
def test_an_unknown_run_is_named():
    with pytest.raises(CommandError, match="There is no run 00000000"):
        call_command("follow_run", "00000000-0000-0000-0000-000000000000")


def test_a_worker_of_an_unknown_queue_is_refused():
    with pytest.raises(CommandError, match="There is no queue cooking; choose compute or ingest"):
        call_command("worker", queues="compute,cooking")


def test_a_worker_of_an_unknown_lane_is_refused():
    with pytest.raises(CommandError, match="There is no lane express; choose beamtime or"):
        call_command("worker", lanes="batch,express")
