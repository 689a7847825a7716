"""Lanes, caps and quotas: what may be queued, and what is said before."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from fiducial.errors import Refused
from fiducial.measurements.models import UploadedFile
from fiducial.runs import leases, machine, services
from fiducial.runs.allotments import quota
from fiducial.runs.models import Allotment, Run
from tests.factories import runs

LONG = {"steps": 100, "pause": 10}  # a quarter of an hour


def submit(measurement, lane="", **parameters):
    return services.submit(
        measurement=measurement,
        recipe="toy",
        parameters=parameters,
        seed=1,
        lane=lane,
        by=measurement.uploaded_by,
    )


def test_short_runs_are_interactive_and_long_ones_batch(measurement):
    assert submit(measurement).lane == "interactive"
    long = submit(measurement, **LONG)
    assert (long.lane, long.estimated) == ("batch", 1000.1)
    assert submit(measurement, lane="batch").lane == "batch"


def test_a_long_run_is_not_interactive(measurement):
    with pytest.raises(Refused, match="takes runs of up to 10 min, and this one would take about"):
        submit(measurement, lane="interactive", **LONG)


def test_an_unknown_lane_is_named(measurement):
    with pytest.raises(Refused, match="There is no lane “express”; choose one of beamtime"):
        submit(measurement, lane="express")


def test_beam_time_is_granted_for_a_period(measurement):
    with pytest.raises(Refused, match=r"has no beam time now. Ask an operator"):
        submit(measurement, lane="beamtime")
    now, day = timezone.now(), timedelta(days=1)
    Allotment.objects.create(
        lab=measurement.project.lab, beamtime_from=now - day, beamtime_until=now + day
    )
    run = submit(measurement, lane="beamtime")
    assert run.lane == "beamtime"
    Run.objects.update(state="failed")
    Allotment.objects.update(beamtime_until=now - day)
    run.refresh_from_db()
    # What is asked again after the beam time is over is asked in the lane of its length.
    assert services.retry(run=run, by=measurement.uploaded_by).lane == "interactive"


def test_a_person_queues_so_many_runs(measurement, settings):
    settings.QUEUED_PER_USER = 1
    submit(measurement)
    with pytest.raises(Refused, match="You have 1 runs waiting, and the cap for a person is 1"):
        submit(measurement)
    Run.objects.update(state="running")
    submit(measurement)


def test_a_lab_computes_so_many_hours_in_thirty_days(measurement):
    now = timezone.now()
    lab = measurement.project.lab
    Allotment.objects.create(lab=lab, compute_hours=2.0)
    for days in (1, 31):
        ended = now - timedelta(days=days)
        began = ended - timedelta(hours=1.5)
        runs.run(measurement, state="failed", started=began, finished=ended)
    runs.run(measurement, estimated=900.0)
    assert quota(lab).seconds_left == pytest.approx(900, abs=1)
    with pytest.raises(Refused, match="has 15 min of 2 h computing left in these thirty days"):
        submit(measurement, **LONG)
    submit(measurement)


def test_a_lab_stores_so_much(measurement):
    lab = measurement.project.lab
    Allotment.objects.create(lab=lab, storage_gb=3.0)
    UploadedFile.objects.create(measurement=measurement, name="Si.txt", size=10**9)
    runs.run(measurement, state="succeeded", size=10**9)
    submit(measurement)
    assert quota(lab).bytes_left == 10**9
    UploadedFile.objects.create(measurement=measurement, name="Fe.txt", size=10**9)
    with pytest.raises(Refused, match=r"has used its 3.0 GB in the store. Delete measurements"):
        submit(measurement)


def test_what_is_left_is_said_in_a_sentence(measurement):
    assert quota(measurement.project.lab).words == (
        "The lab has 1000 h of 1000 h computing left in these thirty days, and 500 GB of 500 GB "
        "in the store."
    )


def test_a_worker_takes_runs_of_its_lanes_only(measurement):
    runs.worker("quick@here", lanes=["interactive"])
    batch = runs.run(measurement, lane="batch")
    assert leases.claim("quick@here") is None
    assert leases.claim("other@here") == batch


@pytest.mark.parametrize("order", ["drain", "pause"])
def test_a_worker_that_is_held_takes_nothing(measurement, order):
    runs.worker(order=order)
    runs.run(measurement)
    assert leases.claim("gpu0@here") is None


def test_a_worker_takes_what_fits_into_its_free_memory(measurement):
    large = runs.run(measurement, memory=10**15)
    small = runs.run(measurement, memory=10**6)
    assert leases.claim("gpu0@here") == small
    assert leases.claim("gpu0@here") is None
    assert Run.objects.get(pk=large.pk).state == "queued"


def test_memory_promised_to_a_run_on_the_same_machine_is_not_given_twice(measurement):
    half = int(0.6 * machine.total_memory())
    runs.running(measurement, worker="gpu1@here", memory=half)
    waiting = runs.run(measurement, memory=half // 4 * 3)
    assert leases.claim("gpu0@here") is None
    assert leases.claim("gpu0@there") == waiting


def test_a_capped_person_is_passed_over(measurement, settings):
    settings.RUNNING_PER_USER = 1
    runs.running(measurement)
    runs.run(measurement)
    assert leases.claim("gpu0@here") is None


def test_what_went_back_to_the_queue_uses_nothing(measurement):
    held = runs.running(measurement)
    leases.hand_back(held)
    assert Run.objects.get().started is None


SMI = """#!/bin/sh
for asked; do case $asked in --id=*) chosen=${asked#--id=};; esac; done
for gpu in ${chosen:-0 1}; do echo "GPU $gpu, 512, 2048"; done
"""


@pytest.mark.parametrize(
    ("visible", "names"), [(None, ["GPU 0", "GPU 1"]), ("1", ["GPU 1"]), ("", [])]
)
def test_a_worker_announces_the_gpus_it_may_use(tmp_path, monkeypatch, visible, names):
    (tmp_path / "nvidia-smi").write_text(SMI)
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = machine.gpus()
    assert [gpu["name"] for gpu in found] == names
    assert all((gpu["used"], gpu["total"]) == (2**29, 2**31) for gpu in found)


def test_workers_with_and_without_a_gpu_take_runs_of_the_lanes_they_announce(measurement):
    gpu = [{"name": "H200", "used": 0, "total": 2**37}]
    runs.worker("gpu0@here", lanes=["interactive", "beamtime"], gpus=gpu)
    runs.worker("cpu@here", lanes=["batch"], gpus=[])
    batch, quick = runs.run(measurement, lane="batch"), runs.run(measurement)
    assert leases.claim("gpu0@here") == quick
    assert leases.claim("gpu0@here") is None
    assert leases.claim("cpu@here") == batch


def test_the_machine_knows_its_memory():
    assert machine.free_memory() > 0
    assert machine.total_memory() >= 0
