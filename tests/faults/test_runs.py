"""Runs are cancelled, fail, lose their tickets or take too long; each row says so."""

import time

import pytest

from .test_workers import QUICK, SLOW, assert_finished


@pytest.mark.parametrize("mood", ["well", "deaf"])
def test_cancelling_ends_a_running_run_within_five_seconds(broken, mood):
    facility = broken()
    [run] = facility.submit(
        {**SLOW, "steps": 200, "mood": mood} if mood == "well" else {**QUICK, "mood": mood}
    )
    worker = facility.worker()
    facility.wait(run, lambda row: row["stage"] == "counting")
    facility.cancel(run)
    began = time.monotonic()

    row = facility.wait_until(run, "cancelled")
    assert time.monotonic() - began < 5
    assert (row["error"], row["store_path"]) == ("", "")
    facility.wait_removed(run)
    [after] = facility.submit(QUICK)  # the worker is free again
    assert_finished(facility, after, attempt=1, token=1)
    assert len(worker.children()) == 1


def test_every_failure_says_its_reason_and_leaves_nothing_behind(broken):
    facility = broken()
    moods = ("refuse", "bug", "full")
    runs = dict(zip(moods, facility.submit(*({**QUICK, "mood": m} for m in moods)), strict=True))
    facility.worker()

    errors = {mood: facility.wait_until(run, "failed")["error"] for mood, run in runs.items()}
    assert errors["refuse"] == "The toy refuses this map; bring another."
    assert errors["full"].startswith("The disk is full: the result could not be written")
    assert "ValueError" in errors["bug"]
    assert "secret" not in errors["bug"]
    for run in runs.values():
        assert facility.row(run)["attempt"] == 1
        assert facility.files(run) == []


def test_a_lost_ticket_is_issued_again(broken):
    facility = broken()
    runs = facility.submit(QUICK, QUICK)
    facility.lose_tickets()
    facility.worker()

    for run in runs:
        assert_finished(facility, run, attempt=1, token=1)


def test_a_run_that_takes_too_long_is_ended_with_the_limit_named(broken):
    facility = broken(FIDUCIAL_RUN_HARD_LIMIT_SECONDS="3")
    [run] = facility.submit({"steps": 2, "pause": 0, "mood": "deaf"})
    facility.worker()

    row = facility.wait_until(run, "failed")
    assert row["error"].startswith("The run took longer than the limit of 3 s")
    facility.wait_removed(run)


CLAIM_ALL = """
import os, time
from django.conf import settings
from fiducial.runs import leases
(settings.HOME / f"ready-{os.getpid()}").touch()
while len(list(settings.HOME.glob("ready-*"))) < 3:
    time.sleep(0.001)
answer = []
while run := leases.claim("somebody@here"):
    answer.append(str(run.pk))
"""


def test_no_run_is_claimed_twice_however_many_claim_at_once(broken):
    facility = broken(FIDUCIAL_RUNNING_PER_USER="100", FIDUCIAL_RUNNING_PER_LAB="100")
    runs = facility.submit(*[QUICK] * 40)
    claimed = facility.shells(CLAIM_ALL, 3)
    assert sorted(run for runs_ in claimed for run in runs_) == sorted(runs)
    assert {facility.row(run)["token"] for run in runs} == {1}


def test_claims_at_once_do_not_pass_a_cap(broken):
    facility = broken(FIDUCIAL_RUNNING_PER_USER="15", FIDUCIAL_RUNNING_PER_LAB="100")
    facility.submit(*[QUICK] * 20)
    claimed = facility.shells(CLAIM_ALL, 3)
    assert sum(map(len, claimed)) == 15


def test_a_run_outlives_an_interrupted_database(broken):
    facility = broken()
    [run] = facility.submit(SLOW)
    facility.worker()
    facility.wait_under_way(run)
    facility.interrupt_database()

    row = facility.wait_until(run, "succeeded")
    assert facility.files(run) == [f"{row['token']}.zarr"]
    [after] = facility.submit(QUICK)  # worker and sweeper speak to the database again
    assert_finished(facility, after, attempt=1, token=1)
