"""Asking for runs and changing one's mind."""

import pytest

from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from fiducial.runs import services, tickets
from fiducial.runs.models import Run
from tests.factories import people, runs


def submit(measurement, **changes):
    asked = {
        "recipe": "toy",
        "parameters": {"steps": "3"},
        "seed": 5,
        "by": measurement.uploaded_by,
    }
    return services.submit(measurement=measurement, **{**asked, **changes})


def test_submitting_pins_the_revision_and_cleans_the_parameters(measurement):
    run = submit(measurement)
    row = Run.objects.get(pk=run.pk)
    assert (row.state, row.measurement_revision, row.seed) == ("queued", 1, 5)
    assert row.parameters == {"steps": 3, "pause": 0.1, "mood": "well"}


@pytest.mark.django_db(transaction=True)
def test_a_ticket_is_sent_once_the_row_is_committed(measurement):
    before = tickets.waiting("interactive")
    submit(measurement)
    assert tickets.waiting("interactive") == before + 1


def test_no_ticket_is_sent_before_the_row_is_committed(measurement):
    before = tickets.waiting("interactive")
    submit(measurement)  # the test's own transaction is still open
    assert tickets.waiting("interactive") == before


def test_wrong_parameters_are_named_one_by_one(measurement):
    with pytest.raises(services.BadParameters) as refusal:
        submit(measurement, parameters={"steps": 0, "colour": "red"})
    assert refusal.value.errors == {
        "colour": "A run for tests has no parameter “colour”; it takes mood, pause, steps.",
        "steps": "Steps: 0 is outside the range from 1 to 1000.",
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"recipe": "alchemy"},
            "There is no recipe “alchemy”; choose one of xray-ensemble, "
            "xray-diffusion, xray-variational, unit-pathways, diffraction, calorimeter, "
            "bragg, teach, toy.",
        ),
        ({"seed": -1}, "The seed must be a whole number from 0 to 2147483647."),
        ({"parameters": {"steps": 1000, "pause": 60}}, "This would take about 16 h 40 min"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_sentence(measurement, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        submit(measurement, **changes)
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("uploading", "its files are still arriving"),
        ("ingesting", "its files are being read"),
        ("attention", "the reader has a question"),
        ("refused", "could not be read"),
    ],
)
def test_a_measurement_that_is_not_ready_is_refused_with_what_to_do(measurement, state, reason):
    measurement.state = state
    with pytest.raises(Refused, match=reason):
        submit(measurement)


def test_reviewers_and_strangers_may_not_run(measurement):
    reviewer = people.person()
    measurement.project.lab.memberships.create(user=reviewer, role="reviewer")
    for user in (reviewer, people.person()):
        with pytest.raises(NotAllowed):
            submit(measurement, by=user)


def test_a_retry_keeps_inputs_and_revision_and_is_made_once(measurement):
    failed = runs.run(measurement, state="failed", seed=9, error="No.")
    measurement.revision = 2
    measurement.save()
    retry = services.retry(run=failed, by=measurement.uploaded_by)
    assert (retry.state, retry.seed, retry.measurement_revision) == ("queued", 9, 1)
    assert retry.parameters == failed.parameters
    assert services.retry(run=failed, by=measurement.uploaded_by) == retry
    assert Run.objects.count() == 2


def test_a_retry_that_failed_too_can_be_followed_by_another(measurement):
    failed = runs.run(measurement, state="failed")
    first = services.retry(run=failed, by=measurement.uploaded_by)
    Run.objects.filter(pk=first.pk).update(state="failed")
    assert services.retry(run=failed, by=measurement.uploaded_by) != first


def test_only_what_failed_or_was_cancelled_is_retried(measurement):
    waiting = runs.run(measurement)
    with pytest.raises(Refused, match="Only a failed or a cancelled run"):
        services.retry(run=waiting, by=measurement.uploaded_by)


def test_cancelling_a_waiting_run_ends_it_at_once(measurement):
    run = services.cancel(run=runs.run(measurement), by=measurement.uploaded_by)
    assert (run.state, run.finished is not None) == ("cancelled", True)


def test_cancelling_a_running_run_asks_its_worker(measurement):
    run = services.cancel(run=runs.running(measurement), by=measurement.uploaded_by)
    assert (run.state, run.cancel_requested) == ("running", True)


def test_cancelling_what_is_over_is_refused(measurement):
    over = runs.run(measurement, state="succeeded")
    with pytest.raises(Refused, match="This run has succeeded already"):
        services.cancel(run=over, by=measurement.uploaded_by)


def test_a_reviewer_may_not_cancel_or_retry(measurement):
    reviewer = people.person()
    measurement.project.lab.memberships.create(user=reviewer, role="reviewer")
    with pytest.raises(NotAllowed):
        services.cancel(run=runs.run(measurement), by=reviewer)
    with pytest.raises(NotAllowed):
        services.retry(run=runs.run(measurement, state="failed"), by=reviewer)
