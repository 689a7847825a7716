"""What dead workers, lost tickets and killed processes leave behind is put right."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from fiducial.runs import folders, sweeper, tickets
from fiducial.runs.models import Run
from tests.factories import runs


def leave(run: Run, name: str) -> Path:
    """Something a worker wrote."""
    folder = settings.STORE / "runs" / str(run.pk) / name
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text("{}")
    return folder


def test_a_run_whose_worker_was_lost_waits_again_and_leaves_nothing(measurement):
    lost = runs.running(measurement, lease=-1, stage="drawing", fraction=0.4)
    written = leave(lost, "1.zarr")
    sweeper.end_expired_leases()
    row = Run.objects.get()
    assert (row.state, row.attempt, row.fraction) == ("queued", 1, 0.0)
    assert not written.parent.exists()


def test_the_third_lost_worker_ends_the_run_with_the_reason(measurement):
    runs.running(measurement, lease=-1, attempt=3, stage="drawing", fraction=0.4)
    sweeper.end_expired_leases()
    row = Run.objects.get()
    assert row.state == "failed"
    assert row.error.startswith(
        "Its worker was lost 3 times in a row, so the run was given up. "
        "It was last at “drawing” (40 %)."
    )


def test_a_run_whose_process_was_killed_waits_again_at_once(measurement):
    killed = runs.running(measurement, stage="drawing", fraction=0.4)
    written = leave(killed, "1.zarr")
    other = runs.running(measurement, worker="gpu1@here")
    sweeper.end_killed("gpu0@here")
    row = Run.objects.get(pk=killed.pk)
    assert (row.state, row.attempt, row.fraction) == ("queued", 1, 0.0)
    assert not written.exists()
    assert Run.objects.get(pk=other.pk).state == "running"


def test_a_run_killed_again_ends_with_advice(measurement):
    runs.running(measurement, attempt=2)
    sweeper.end_killed("gpu0@here")
    row = Run.objects.get()
    assert row.state == "failed"
    assert row.error.startswith("The system ended its process at the second attempt")
    sweeper.end_killed("gpu0@here")  # idle: nothing to end


def test_a_cancelled_run_whose_process_was_killed_is_cancelled(measurement):
    runs.running(measurement, cancel_requested=True)
    sweeper.end_killed("gpu0@here")
    assert Run.objects.get().state == "cancelled"


def test_a_run_with_a_valid_lease_is_left_alone(measurement):
    held = runs.running(measurement, lease=30)
    written = leave(held, "1.zarr")
    sweeper.sweep()
    assert Run.objects.get().state == "running"
    assert written.exists()


def test_a_cancelled_run_whose_worker_was_lost_is_cancelled(measurement):
    runs.running(measurement, lease=-1, cancel_requested=True)
    sweeper.end_expired_leases()
    assert Run.objects.get().state == "cancelled"


def test_a_run_beyond_the_time_limit_is_not_tried_again(measurement):
    long_ago = timezone.now() - timedelta(seconds=settings.RUN_HARD_LIMIT_SECONDS)
    runs.running(measurement, lease=-1, started=long_ago)
    sweeper.end_expired_leases()
    row = Run.objects.get()
    assert row.state == "failed"
    assert row.error.startswith("The run took longer than the limit of 5 h 24 min")


def test_a_run_cancelled_on_its_way_back_into_the_queue_ends(measurement):
    runs.run(measurement, cancel_requested=True)
    sweeper.end_cancelled()
    assert Run.objects.get().state == "cancelled"


def test_debris_of_ended_runs_goes_and_their_results_stay(measurement):
    ended = runs.run(measurement, state="succeeded", finished=timezone.now(), token=2)
    Run.objects.update(store_path=f"runs/{ended.pk}/2.zarr")
    old, published = leave(ended, "1.zarr"), leave(ended, "2.zarr")
    sweeper.remove_debris()
    assert not old.exists()
    assert published.exists()


def test_the_store_a_running_claim_is_making_is_not_debris(measurement):
    """A claim may begin between the end of a lost one and the removal of what that one left."""
    row = runs.running(measurement, token=2)
    lost, making = leave(row, ".1.zarr.partial-0a"), leave(row, ".2.zarr.partial-0b")
    folders.discard_unpublished(row)
    assert not lost.exists()
    assert making.exists()


@pytest.mark.parametrize("waiting", [1, 3])
def test_a_ticket_is_sent_for_every_waiting_run_that_has_none(measurement, waiting):
    for _ in range(waiting):
        runs.run(measurement)
    before = tickets.waiting("interactive")
    sweeper.issue_lost_tickets()
    assert tickets.waiting("interactive") == max(before, waiting)
    sweeper.issue_lost_tickets()
    assert tickets.waiting("interactive") == max(before, waiting)
