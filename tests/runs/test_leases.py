"""Taking, holding and letting go: a step with an old token changes nothing."""

import pytest
from django.utils import timezone

from fiducial.runs import leases
from fiducial.runs.models import Run
from tests.factories import runs

State = Run.State


def test_claiming_takes_a_lease_and_raises_token_and_attempt(measurement):
    waiting = runs.run(measurement)
    held = leases.claim("gpu0@here")
    assert (held.pk, held.state, held.token, held.attempt) == (waiting.pk, "running", 1, 1)
    assert held.worker == "gpu0@here"
    assert held.lease_until > timezone.now()
    assert leases.claim("gpu1@here") is None


def test_a_cancelled_run_is_not_claimed(measurement):
    runs.run(measurement, cancel_requested=True)
    assert leases.claim("gpu0@here") is None


def test_renewing_stores_progress_and_lengthens_the_lease(measurement):
    held = runs.running(measurement, lease=0.5)
    assert leases.renew(held, stage="drawing", fraction=0.5) == leases.Held(True, False)
    row = Run.objects.get()
    assert (row.stage, row.fraction) == ("drawing", 0.5)
    assert row.lease_until > held.lease_until


def test_renewing_tells_of_a_cancellation(measurement):
    held = runs.running(measurement, cancel_requested=True)
    assert leases.renew(held) == leases.Held(valid=True, cancel_requested=True)


def test_whoever_holds_an_old_token_changes_nothing(measurement):
    old = runs.running(measurement, token=1)
    Run.objects.update(token=2, stage="drawing")
    before = Run.objects.values().get()

    assert not leases.renew(old, stage="mine").valid
    assert not leases.publish(old, store_path="runs/x/1.zarr", summary={}, size=0)
    assert not leases.fail(old, "No.")
    assert not leases.cancel(old)
    assert not leases.hand_back(old)
    assert Run.objects.values().get() == before


def test_publishing_ends_the_run_with_its_result(measurement):
    held = runs.running(measurement, stage="drawing", fraction=0.9)
    assert leases.publish(held, store_path="runs/x/1.zarr", summary={"factor": 4}, size=9)
    row = Run.objects.get()
    assert (row.state, row.store_path, row.summary) == ("succeeded", "runs/x/1.zarr", {"factor": 4})
    assert (row.fraction, row.stage, row.lease_until) == (1.0, "", None)
    assert row.finished is not None


def test_a_run_that_was_cancelled_is_not_published(measurement):
    held = runs.running(measurement, cancel_requested=True)
    assert not leases.publish(held, store_path="runs/x/1.zarr", summary={}, size=0)
    assert leases.cancel(held)
    assert Run.objects.get().state == State.CANCELLED


def test_handing_back_does_not_count_as_an_attempt(measurement):
    held = runs.running(measurement, attempt=2)
    assert leases.hand_back(held)
    row = Run.objects.get()
    assert (row.state, row.attempt, row.token, row.lease_until) == ("queued", 1, 1, None)


@pytest.mark.parametrize(("lease", "count"), [(-1, 1), (30, 0)])
def test_a_lease_expires_by_the_clock_of_the_database(measurement, lease, count):
    held = runs.running(measurement, lease=lease)
    assert leases.expired().count() == count
    assert leases.return_expired(held) is bool(count)
