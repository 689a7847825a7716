"""Pages share one reading of the queue for a second, and none of them tells a run wrongly."""

import pytest
from django.urls import reverse

from fiducial.accounts import preview
from fiducial.runs import leases, queries, recent, services
from tests.factories import people, runs


@pytest.fixture(autouse=True)
def a_reading_lasts(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.QUEUE_SEEN_SECONDS = 60.0
    monkeypatch.setattr(recent, "_last", recent.Reading())


def test_the_queue_is_read_once_for_everybody_who_asks(measurement, django_assert_num_queries):
    run = runs.run(measurement)
    read = recent.queue_of(run)
    with django_assert_num_queries(0):
        assert recent.queue_of(run) is read


def test_it_is_read_again_when_its_time_is_over(measurement, settings):
    run = runs.run(measurement)
    read = recent.queue_of(run)
    settings.QUEUE_SEEN_SECONDS = 0.0
    assert recent.queue_of(run) is not read


def test_a_run_that_was_queued_since_has_its_place_at_once(measurement):
    first = runs.run(measurement)
    recent.queue_of(first)
    second = runs.run(measurement)
    assert queries.line(second, recent.queue_of(first, second)).place == 2


def test_a_run_that_was_taken_since_is_not_told_a_place(measurement):
    run = runs.run(measurement)
    recent.queue_of(run)
    taken = leases.claim("gpu0@here")
    assert taken.pk == run.pk
    assert queries.line(taken, recent.queue_of(taken)).place is None


def test_a_page_that_follows_a_run_asks_nothing_of_the_database(
    measurement, django_assert_num_queries
):
    member, run = measurement.uploaded_by, runs.run(measurement)
    recent.queue_of(run)
    with django_assert_num_queries(0):
        seen, may_change = recent.followed(member, run.pk)
        line = queries.line(seen, recent.queue_of(seen))
    assert line.place == 1
    assert line.detail == queries.line(run, recent.queue_of(run)).detail
    assert may_change


def test_following_a_run_asks_nothing_about_the_person_either(
    client, measurement, django_assert_max_num_queries
):
    run = runs.run(measurement)
    client.force_login(measurement.uploaded_by)
    address = reverse("runs:run-progress", args=[run.pk])
    client.get(address)
    with django_assert_max_num_queries(1):  # their session, which lies in the database here
        assert "place 1" in client.get(address).content.decode()


def test_who_was_shut_out_or_has_a_new_password_follows_nothing(client, measurement, settings):
    settings.QUEUE_SEEN_SECONDS = 0.0
    member, run = measurement.uploaded_by, runs.run(measurement)
    client.force_login(member)
    address = reverse("runs:run-progress", args=[run.pk])
    assert client.get(address).status_code == 200
    member.set_password("another one, by mail")
    member.save()
    assert client.get(address).status_code == 302
    client.force_login(member)
    assert client.get(address).status_code == 200
    member.is_active = False
    member.save()
    assert client.get(address).status_code == 302


def test_who_looks_with_the_eyes_of_another_is_told_by_the_database(client, measurement):
    runs.run(measurement)
    client.force_login(measurement.uploaded_by)
    assert recent.visitor(client.session) == measurement.uploaded_by
    session = client.session
    session[preview.KEY] = {"lab": measurement.project.lab_id, "role": "viewer"}
    assert recent.visitor(session) is None


def test_nobody_follows_a_run_of_another_lab_or_changes_what_they_may_only_see(measurement):
    run = runs.run(measurement)
    stranger, viewer = people.person(), people.person()
    run.lab.memberships.create(user=viewer, role="viewer")
    assert recent.followed(stranger, run.pk) is None
    assert recent.followed(viewer, run.pk)[1] is False


def test_a_run_that_is_over_is_asked_of_the_database(measurement, settings):
    run = runs.run(measurement)
    assert recent.followed(measurement.uploaded_by, run.pk)
    settings.QUEUE_SEEN_SECONDS = 0.0
    services.cancel(run=run, by=measurement.uploaded_by)
    assert recent.followed(measurement.uploaded_by, run.pk) is None
