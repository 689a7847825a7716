"""A request whose answer was lost can be sent again: `Idempotency-Key`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from fiducial.api.models import KeptAnswer
from fiducial.runs.models import Run
from tests.factories import measurements, people, runs, tokens

pytestmark = pytest.mark.django_db


def submit(client, measurement, key="k-1", seed=0):
    body = {"measurement": str(measurement.pk), "parameters": {"factor": 1}, "seed": seed}
    return client.post(
        "/api/v1/runs", body, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_the_same_request_is_answered_the_same_and_done_once(member, measurement):
    first, again = submit(member, measurement), submit(member, measurement)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert Run.objects.count() == 1
    assert submit(member, measurement, key="k-2").json()["id"] != first.json()["id"]


def test_a_key_that_came_with_another_body_is_refused(member, measurement):
    submit(member, measurement)
    refused = submit(member, measurement, seed=1)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:fiducial:problem:key-reused")
    assert Run.objects.count() == 1


def test_a_refusal_frees_the_key(member, measurement):
    measurement.state = "attention"
    measurement.save()
    assert submit(member, measurement).status_code == 400
    measurement.state = "ready"
    measurement.save()
    assert submit(member, measurement).status_code == 201


def test_who_comes_while_the_first_is_served_is_told_to_wait(member, measurement):
    submit(member, measurement)
    KeptAnswer.objects.update(status=None)
    told = submit(member, measurement)
    assert (told.status_code, told.json()["type"]) == (409, "urn:fiducial:problem:still-served")


@pytest.mark.parametrize(
    ("age", "status"), [(timedelta(hours=25), 201), (timedelta(minutes=11), None)]
)
def test_answers_are_kept_a_day_and_the_claims_of_the_dead_ten_minutes(
    member, measurement, age, status
):
    submit(member, measurement)
    KeptAnswer.objects.update(created=timezone.now() - age, status=status)
    assert submit(member, measurement).status_code == 201
    assert Run.objects.count() == 2


def test_keys_belong_to_who_sent_them_and_to_the_route(member, measurement):
    submit(member, measurement)
    other = people.person()
    measurement.project.lab.memberships.create(user=other, role="member")
    assert submit(tokens.program(other), measurement).status_code == 201
    over = runs.run(measurement, state="failed", recipe="xray-ensemble")
    retried = member.post(f"/api/v1/runs/{over.pk}/retry", headers={"Idempotency-Key": "k-1"})
    assert retried.status_code == 201


def test_a_key_that_is_too_long_is_refused(member, measurement):
    assert submit(member, measurement, key="k" * 201).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_twins_at_one_moment_one_wins():
    user = people.person()
    measurement = measurements.ready(measurements.project(people.lab(member=user)), user)
    programs = [tokens.program(user) for _ in range(4)]

    def send(program):
        try:
            return submit(program, measurement).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(send, programs))
    assert 201 in statuses
    assert set(statuses) <= {201, 409}
    assert Run.objects.count() == 1
