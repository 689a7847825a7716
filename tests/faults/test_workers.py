"""Workers die, freeze and come back; no run is lost, doubled or overwritten."""

import os
import signal
import time

from tests.factories.facility import PATIENCE, Facility, wait_for

SLOW = {"steps": 20, "pause": 0.2}
QUICK = {"steps": 2, "pause": 0.05}


def assert_finished(facility: Facility, run: str, *, attempt: int, token: int) -> None:
    row = facility.wait_until(run, "succeeded")
    assert (row["attempt"], row["token"], row["error"]) == (attempt, token, "")
    assert row["store_path"] == f"runs/{run}/{token}.zarr"
    assert facility.files(run) == [f"{token}.zarr"]


def test_a_killed_worker_is_replaced_and_its_run_finishes(broken):
    facility = broken()
    [run] = facility.submit(SLOW)
    first = facility.worker("first")
    facility.wait_under_way(run)
    first.kill()

    facility.worker("second")
    assert_finished(facility, run, attempt=2, token=2)
    assert facility.row(run)["worker"].startswith("second@")


def test_a_killed_parent_leaves_no_orphan_and_its_run_finishes_elsewhere(broken):
    facility = broken()
    [run] = facility.submit(SLOW)
    first = facility.worker("first")
    facility.wait_under_way(run)
    first.popen.kill()
    first.popen.wait()
    wait_for(lambda: not first.group(), "the child is gone", first.log)

    facility.worker("second")
    assert_finished(facility, run, attempt=2, token=2)


def test_a_run_whose_process_is_killed_a_second_time_ends_with_advice(broken):
    """It does not wait for its lease to run out: its worker hears of it."""
    facility = broken(FIDUCIAL_LEASE_SECONDS="60")
    poison, healthy = facility.submit({**QUICK, "mood": "kill"}, QUICK)
    facility.worker()

    row = facility.wait_until(poison, "failed")
    assert (row["attempt"], row["token"]) == (2, 2)
    assert row["error"].startswith("The system ended its process at the second attempt, most often")
    assert "smaller tiles" in row["error"]
    facility.wait_removed(poison)
    assert_finished(facility, healthy, attempt=1, token=1)


def test_a_frozen_worker_that_wakes_up_cannot_overwrite(broken):
    facility = broken()
    [run] = facility.submit(SLOW)
    first = facility.worker("first")
    facility.wait_under_way(run)
    first.signal(signal.SIGSTOP)
    facility.worker("second")
    assert_finished(facility, run, attempt=2, token=2)
    before = facility.row(run)

    first.signal(signal.SIGCONT)
    [other] = facility.submit(QUICK)  # the woken worker is of use again
    assert_finished(facility, other, attempt=1, token=1)
    wait_for(lambda: "stopped: fenced" in first.log.read_text(), "it noticed", first.log)
    assert facility.row(run) == before
    assert facility.files(run) == ["2.zarr"]


def test_a_frozen_worker_that_wakes_up_at_its_last_step_cannot_publish(broken):
    facility = broken()
    [run] = facility.submit({"steps": 1, "pause": 2.5})
    first = facility.worker("first")
    facility.wait(run, lambda row: row["stage"] == "counting")
    first.signal(signal.SIGSTOP)
    facility.worker("second")
    assert_finished(facility, run, attempt=2, token=2)
    before = facility.row(run)

    first.signal(signal.SIGCONT)
    wait_for(lambda: "succeeded in" in first.log.read_text(), "its task ended", first.log)
    assert facility.row(run) == before
    assert facility.files(run) == ["2.zarr"]


def test_a_worker_whose_idle_child_was_killed_still_listens(broken):
    facility = broken()
    worker = facility.worker()
    [run] = facility.submit(QUICK)
    assert_finished(facility, run, attempt=1, token=1)
    [child] = worker.children()
    os.kill(child, signal.SIGKILL)
    time.sleep(0.5)

    [run] = facility.submit(QUICK)
    assert_finished(facility, run, attempt=1, token=1)


def test_restarting_everything_loses_nothing(broken):
    facility = broken()
    portal, _ = facility.portal()
    worker = facility.worker()
    runs = facility.submit(SLOW, QUICK, QUICK)
    facility.wait_under_way(runs[0])
    worker.stop()
    portal.stop()
    assert not worker.group()
    row = facility.row(runs[0])
    assert (row["state"], row["attempt"]) == ("queued", 0)
    assert facility.files(runs[0]) == []
    assert facility.query("SELECT count(*) FROM runs_worker") == [(0,)]

    facility.portal()
    facility.worker()
    assert_finished(facility, runs[0], attempt=1, token=2)
    for run in runs[1:]:
        assert_finished(facility, run, attempt=1, token=1)


def test_stopping_every_process_of_a_worker_at_once_hands_its_run_back(broken):
    facility = broken()
    [run] = facility.submit(SLOW)
    worker = facility.worker()
    facility.wait_under_way(run)
    worker.signal(signal.SIGTERM)

    worker.popen.wait(timeout=PATIENCE)
    assert not worker.group()
    assert facility.row(run)["state"] == "queued"
    facility.worker("second")
    assert facility.wait_until(run, "succeeded")["attempt"] <= 2


LONGER = {"steps": 75, "pause": 0.2}  # than an order takes to arrive on a busy machine
ORDER = """
from fiducial.runs.models import Worker
answer = Worker.objects.filter(name__startswith="first@").update(order={order!r})
"""


def test_a_paused_worker_hands_its_run_back_and_leaves_runs_to_others_until_it_resumes(broken):
    facility = broken()
    [run] = facility.submit(LONGER)
    first = facility.worker("first")
    facility.wait_under_way(run)
    facility.shell(ORDER.format(order="pause"))
    row = facility.wait_until(run, "queued")
    assert (row["attempt"], row["token"]) == (0, 1)
    wait_for(lambda: "order: pause" in first.log.read_text(), "it leaves its tickets", first.log)

    second = facility.worker("second")
    assert_finished(facility, run, attempt=1, token=2)
    assert facility.row(run)["worker"].startswith("second@")
    second.stop()
    facility.shell(ORDER.format(order="serve"))
    [after] = facility.submit(QUICK)
    assert_finished(facility, after, attempt=1, token=1)
    assert facility.row(after)["worker"].startswith("first@")


def test_a_drained_worker_finishes_its_run_and_takes_no_other(broken):
    facility = broken()
    under_way, waiting = facility.submit(LONGER, QUICK)
    facility.worker("first")
    facility.wait_under_way(under_way)
    facility.shell(ORDER.format(order="drain"))
    assert_finished(facility, under_way, attempt=1, token=1)
    time.sleep(1.5)
    assert facility.row(waiting)["state"] == "queued"


def test_a_worker_kept_for_a_lane_leaves_other_lanes_alone(broken):
    facility = broken(FIDUCIAL_INTERACTIVE_SECONDS="1")
    long, short = facility.submit({"steps": 20, "pause": 0.1}, QUICK)
    facility.worker("first", lanes="interactive")
    assert_finished(facility, short, attempt=1, token=1)
    assert facility.row(long)["state"] == "queued"
    facility.worker("second", lanes="batch,beamtime")
    assert_finished(facility, long, attempt=1, token=1)


def test_a_run_that_needs_more_memory_fails_with_advice_and_its_worker_goes_on(broken):
    facility = broken()
    greedy, healthy = facility.submit({**QUICK, "mood": "greedy"}, QUICK)
    facility.worker()
    row = facility.wait_until(greedy, "failed")
    assert row["error"].startswith("The run needed more memory than its worker has.")
    assert row["attempt"] == 1
    assert_finished(facility, healthy, attempt=1, token=1)
