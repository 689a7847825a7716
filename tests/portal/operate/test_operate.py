"""Operators watch queue and workers and change what is stuck, always with a reason in the trail."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from fiducial.operate import services
from fiducial.runs import leases
from fiducial.runs.models import Allotment, Run
from fiducial.trail.models import Entry
from tests.factories import measurements, people, runs
from tests.recipes.toy import RECIPE
from workers.recipes.catalogue import RECIPES


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)


@pytest.fixture
def measurement(db):
    member = people.person()
    return measurements.ready(
        measurements.project(people.lab("Ores", member=member)), member, name="Secret specimen"
    )


@pytest.fixture
def operator(db):
    return people.person("olga", is_operator=True)


@pytest.fixture
def page(client: Client, operator) -> Client:
    client.force_login(operator)
    return client


def post(page: Client, name: str, *arguments: object, **data: object) -> str:
    address = reverse(f"operate:{name}", args=arguments)
    response = page.post(address, {"reason": "asked by phone", **data}, follow=True)
    assert response.redirect_chain == [(reverse("operate:page"), 302)]
    return response.content.decode()


def test_the_page_shows_queue_and_workers_and_nothing_that_was_measured(page, measurement):
    runs.worker("gpu0@here", version="0.1.0", gpus=[{"name": "H200", "used": 5e9, "total": 140e9}])
    running = runs.running(measurement)
    waiting = runs.run(measurement)
    now = timezone.now()
    runs.run(measurement, state="failed", error="No.", started=now, finished=now)
    shown = page.get(reverse("operate:page")).content.decode()
    told = ("gpu0@here", "version 0.1.0", "H200: 5.0 GB of 140 GB", "Ores", "1 of 1 runs failed")
    for words in (*told, str(running.pk), str(waiting.pk), measurement.uploaded_by.username):
        assert words in shown
    assert "Secret specimen" not in shown
    assert "Secret specimen" not in page.get(reverse("operate:state")).content.decode()


@pytest.mark.parametrize("count", [1, 4])
def test_the_page_is_read_in_a_fixed_number_of_queries(page, django_assert_num_queries, count):
    for number in range(count):
        member = people.person()
        lab = people.lab(member=member)
        one = measurements.ready(measurements.project(lab), member)
        runs.worker(f"gpu{number}@here")
        runs.running(one, worker=f"gpu{number}@here")
        runs.run(one)
        runs.run(one, state="failed", error="No.", finished=timezone.now())
    with django_assert_num_queries(34):
        page.get(reverse("operate:page"))


@pytest.mark.parametrize("name", ["page", "state", "run", "worker", "lab"])
def test_for_others_there_is_no_such_page(client, measurement, name):
    run = runs.run(measurement)
    arguments = {"run": [run.pk, "cancel"], "lab": [measurement.project.lab_id]}.get(name, [])
    address = reverse(f"operate:{name}", args=arguments)
    for method in (client.get, client.post):
        assert method(address).headers["Location"].startswith("/account/login/")
    client.force_login(measurement.uploaded_by)
    for method in (client.get, client.post):
        assert method(address).status_code == 404


def test_only_operators_are_led_to_it(client, page):
    assert reverse("operate:page") in page.get(reverse("accounts:account")).content.decode()
    client.force_login(people.person())
    assert reverse("operate:page") not in client.get(reverse("accounts:account")).content.decode()


def test_a_run_is_moved_to_another_lane(page, measurement):
    run = runs.run(measurement)
    assert "moved to the other lane" in post(page, "run", run.pk, "move", lane="batch")
    assert Run.objects.get().lane == "batch"
    entry = Entry.objects.get()
    assert (entry.action, entry.by_name, entry.as_operator) == ("run.moved", "olga", True)
    assert (entry.reason, entry.lab) == ("to batch: asked by phone", measurement.project.lab)
    assert "Secret specimen" not in entry.subject


def test_a_run_at_the_front_is_claimed_first(page, measurement):
    first, second = runs.run(measurement), runs.run(measurement)
    post(page, "run", second.pk, "front")
    assert leases.claim("gpu0@here") == second
    assert leases.claim("gpu0@here") == first


def test_a_run_is_cancelled_with_the_reason_kept(page, measurement):
    run = runs.run(measurement)
    post(page, "run", run.pk, "cancel")
    assert Run.objects.get().state == "cancelled"
    assert Entry.objects.get(action="run.cancelled").reason == "asked by phone"
    assert "This run has cancelled already" in post(page, "run", run.pk, "cancel")


def test_a_running_run_is_taken_from_its_worker(page, measurement):
    held = runs.running(measurement, attempt=2)
    post(page, "run", held.pk, "requeue")
    row = Run.objects.get()
    assert (row.state, row.attempt, row.started) == ("queued", 0, None)
    assert not leases.renew(held).valid  # its worker gives up


def test_a_failed_run_is_queued_again_for_who_asked(page, measurement):
    failed = runs.run(measurement, state="failed")
    post(page, "run", failed.pk, "requeue")
    again = Run.objects.get(retry_of=failed)
    assert (again.state, again.submitted_by) == ("queued", measurement.uploaded_by)
    assert [entry.action for entry in Entry.objects.all()] == ["run.requeued"]


def test_nothing_is_changed_without_a_reason(page, measurement, operator):
    run = runs.run(measurement)
    assert "Nothing was changed." in post(page, "run", run.pk, "cancel", reason="")
    with pytest.raises(Refused, match="Give a reason"):
        services.cancel(run=run, by=operator, reason=" ")
    assert Run.objects.get().state == "queued"
    assert not Entry.objects.exists()


def test_only_operators_change_anything(measurement):
    run, worker = runs.run(measurement), runs.worker()
    asked = {"by": measurement.uploaded_by, "reason": "mine first"}
    with pytest.raises(NotAllowed):
        services.to_front(run=run, **asked)
    with pytest.raises(NotAllowed):
        services.order(worker=worker, order="pause", **asked)


def test_what_has_started_is_not_moved(page, measurement):
    run = runs.running(measurement)
    assert "does not wait any more" in post(page, "run", run.pk, "front")
    assert "does not wait any more" in post(page, "run", run.pk, "move", lane="batch")
    assert not Entry.objects.exists()


def test_unknown_lanes_and_orders_are_named(measurement, operator):
    with pytest.raises(Refused, match="There is no lane “express”"):
        services.move(run=runs.run(measurement), lane="express", by=operator, reason="x")
    with pytest.raises(Refused, match="A worker cannot “dance”"):
        services.order(worker=runs.worker(), order="dance", by=operator, reason="x")


def test_an_unknown_action_is_not_there(page, measurement):
    run = runs.run(measurement)
    assert page.post(reverse("operate:run", args=[run.pk, "eat"])).status_code == 404


@pytest.mark.parametrize(
    ("order", "action", "words"),
    [("drain", "worker.drained", "drained"), ("pause", "worker.paused", "paused"),
     ("serve", "worker.resumed", "free")],
)  # fmt: skip
def test_a_worker_is_told_what_to_do(page, order, action, words):
    worker = runs.worker()
    shown = post(page, "worker", worker=worker.pk, order=order)
    worker.refresh_from_db()
    assert worker.order == order
    assert Entry.objects.get().action == action
    assert f">{words}</span>" in shown


def test_a_lab_is_allotted_share_quotas_and_beam_time(page, measurement):
    lab = measurement.project.lab
    assert "1000 h" in page.get(reverse("operate:lab", args=[lab.pk])).content.decode()
    values = {"share": "2", "compute_hours": "50", "storage_gb": ""}
    beam = {"beamtime_from": "2026-01-01T08:00", "beamtime_until": "2026-01-02T08:00"}
    assert "was changed" in post(page, "lab", lab.pk, **values, **beam)
    made = Allotment.objects.get()
    assert (made.share, made.compute_hours, made.storage_gb) == (2.0, 50.0, None)
    assert made.beamtime_until - made.beamtime_from == timedelta(days=1)
    shown = page.get(reverse("operate:lab", args=[lab.pk])).content.decode()
    assert 'value="2026-01-01T08:00"' in shown
    assert Entry.objects.get().action == "lab.allotted"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"share": "0"}, "A share is a number from 0.1 to 100"),
        ({"compute_hours": "-1"}, "A quota is a number from 0"),
        ({"beamtime_from": "2026-01-01T08:00"}, "give both, or neither"),
        (
            {"beamtime_from": "2026-01-02T08:00", "beamtime_until": "2026-01-01T08:00"},
            "has to end after it begins",
        ),
    ],
)
def test_what_cannot_be_allotted_is_said(page, measurement, wrong, sentence):
    assert sentence in post(page, "lab", measurement.project.lab_id, **{"share": "1", **wrong})
    assert not Allotment.objects.exists()
