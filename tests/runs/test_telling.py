"""Who queued a run that took long is mailed when it ends, with nothing secret in the mail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fiducial.accounts.models import Letter, User
from fiducial.runs import leases, services, sweeper
from fiducial.runs.models import Run
from tests.factories import lessons, runs


@pytest.fixture(autouse=True)
def mail_server(settings):
    settings.EMAIL_HOST, settings.ADDRESS = "mail.example", "https://maps.lab.example"


def aged(run: Run, minutes: float = 24) -> Run:
    Run.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(minutes=minutes))
    return run


@pytest.fixture
def long(measurement) -> Run:
    User.objects.update(email="ada@lab.example")
    return aged(runs.running(measurement))


def test_a_long_run_that_finished_is_told(long):
    assert leases.publish(long, store_path="runs/x", summary={"psnr": 31.2}, size=1)
    letter = Letter.objects.get()
    assert letter.to == "ada@lab.example"
    assert (
        letter.subject == f"Finished: {services.declared_recipe('toy').title}, {long.measurement}"
    )
    assert f"https://maps.lab.example{long.get_absolute_url()}" in letter.text
    assert "has finished. It took 24 min since it was queued." in letter.text
    assert "https://maps.lab.example/you/" in letter.text
    assert "31.2" not in letter.text


def test_a_failure_is_told_without_its_reason(long):
    assert leases.fail(long, "The detector of sample 7 was off.")
    letter = Letter.objects.get()
    assert letter.subject.startswith("Failed: ")
    assert "has failed; its page says why" in letter.text
    assert "detector" not in letter.text


def test_a_run_given_up_by_the_sweeper_is_told(measurement):
    User.objects.update(email="ada@lab.example")
    aged(runs.running(measurement, lease=-1, attempt=3))
    sweeper.sweep()
    assert Letter.objects.count() == 1


def test_a_run_that_waited_for_a_lesson_in_vain_is_told(db):
    on, judge = lessons.pair()
    User.objects.update(email="ada@lab.example")
    lesson = lessons.under_way(on, judge, state="failed", finished=timezone.now())
    aged(runs.run(on, after=lesson))
    sweeper.sweep()
    assert Letter.objects.get().subject.startswith("Failed: ")


@pytest.mark.parametrize("why", ["short", "not asked for", "cancelled", "fenced", "left the lab"])
def test_otherwise_nobody_is_told(long, why):
    if why == "short":
        aged(long, minutes=9)
    elif why == "not asked for":
        User.objects.update(told_of_runs=False)
    elif why == "left the lab":
        long.measurement.project.lab.memberships.all().delete()
    elif why == "fenced":
        Run.objects.update(token=2)
    if why == "cancelled":
        leases.cancel(long)
    else:
        leases.fail(long, "It failed.")
    assert not Letter.objects.exists()
