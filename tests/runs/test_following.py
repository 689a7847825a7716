"""A prediction waits for the lesson that teaches its network, and never waits in vain."""

import pytest
from django.test import Client
from django.utils import timezone
from safetensors.torch import save

from fiducial.errors import Refused
from fiducial.measurements.models import Measurement
from fiducial.runs import describing, leases, queries, services, sweeper, tickets
from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.factories import lessons, measurements, people, runs
from workers.training.registry import load_flow

# The lease is renewed over a connection of its own, which sees only what was committed.
worked = pytest.mark.django_db(transaction=True)
WORSE = {"psnr_db": 29.0, "coverage_gap": 0.1}


@pytest.fixture
def lesson(db: None) -> Run:
    return lessons.under_way(*lessons.pair())


@pytest.fixture
def coarse(lesson: Run) -> Measurement:
    return measurements.ready(lesson.measurement.project, lesson.submitted_by)


def after(lesson: Run, coarse: Measurement, **asked: object) -> Run:
    return services.submit(
        measurement=coarse,
        recipe="xray-diffusion",
        parameters={"factor": 2, "sampling": "binned", "network": f"lesson:{lesson.pk}"} | asked,
        seed=0,
        by=coarse.uploaded_by,
    )


def ended(lesson: Run, state: str) -> None:
    Run.objects.filter(pk=lesson.pk).update(state=state, finished=timezone.now())


def taught(lesson: Run, **facts: object) -> Run:
    judge = Measurement.objects.get(pk=lesson.parameters["judge"].partition("@")[0])
    return lessons.finished(lesson.measurement, judge, lesson=lesson, **facts)


def said(run: Run) -> queries.Line:
    return queries.line(queries.visible_runs(run.submitted_by).get(pk=run.pk), queries.read_queue())


def test_it_has_no_turn_while_the_lesson_is_under_way_and_says_so(lesson, coarse):
    run = after(lesson, coarse)
    assert run.after == lesson
    line = said(run)
    assert line.place is None
    begins = f"Waits for run {str(lesson.pk)[:8]}, which teaches its network"
    assert line.detail == f"{begins} (waiting itself)."
    assert leases.claim("gpu0@here").pk == lesson.pk
    assert leases.claim("gpu1@here") is None
    Run.objects.filter(pk=lesson.pk).update(fraction=0.4)
    assert said(run).detail == f"{begins} (running, 40 %)."
    assert ("Whose network", f"what run {str(lesson.pk)[:8]} teaches") in describing.parameters(run)


@worked
def test_it_is_carried_out_with_what_the_lesson_taught(lesson, coarse):
    run = after(lesson, coarse)
    weights = {k: v.half().contiguous() for k, v in load_flow(2).regression.state_dict().items()}
    taught(lesson, weights=save(weights))
    assert said(run).place == 1
    work_one("gpu0@here")
    run.refresh_from_db()
    assert (run.state, run.error) == ("succeeded", "")
    assert run.summary["network"]["name"] == f"lesson on {lesson.measurement}"


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (lambda lesson: ended(lesson, "failed"), "failed, so there is no network to ask"),
        (lambda lesson: ended(lesson, "cancelled"), "was cancelled, so there is no network"),
        (lambda lesson: taught(lesson, after=WORSE), "what it taught was refused"),
    ],
)
def test_it_ends_with_the_reason_when_the_lesson_taught_nothing(lesson, coarse, end, why):
    run = after(lesson, coarse)
    end(lesson)
    assert leases.claim("gpu0@here") is None
    sweeper.sweep()
    run.refresh_from_db()
    assert run.state == "failed"
    assert why in run.error
    assert run.finished is not None
    with pytest.raises(Refused, match="Teach again"):
        services.retry(run=run, by=run.submitted_by)


@worked
def test_a_worker_that_ends_the_lesson_settles_what_waits_for_it(lesson, coarse):
    run = after(lesson, coarse)
    Run.objects.filter(pk=lesson.pk).update(parameters=lesson.parameters | {"steps": "many"})
    work_one("gpu0@here")
    run.refresh_from_db()
    assert run.state == "failed"
    assert "failed, so there is no network" in run.error


def test_who_cancels_the_lesson_ends_what_waits_for_it(lesson, coarse):
    run = after(lesson, coarse)
    services.cancel(run=lesson, by=lesson.submitted_by)
    run.refresh_from_db()
    assert run.state == "failed"


@worked
def test_a_network_that_is_gone_again_fails_the_run_with_a_sentence(lesson, coarse):
    run = after(lesson, coarse)
    taught(lesson)
    Run.objects.filter(pk=lesson.pk).update(store_path="")
    work_one("gpu0@here")
    run.refresh_from_db()
    assert run.state == "failed"
    assert "no longer in the store; teach it again" in run.error


def test_a_cancelled_one_waits_for_the_same_lesson_when_it_is_retried(lesson, coarse):
    run = services.cancel(run=after(lesson, coarse), by=coarse.uploaded_by)
    assert services.retry(run=run, by=coarse.uploaded_by).after == lesson


def test_no_ticket_is_sent_for_what_cannot_start(lesson, coarse, monkeypatch):
    sent = []
    monkeypatch.setattr(tickets, "issue", lambda lane, count=1: sent.append((lane, count)))
    monkeypatch.setattr(tickets, "waiting", lambda lane: 0)
    after(lesson, coarse)
    sweeper.issue_lost_tickets()
    assert sent == [(lesson.lane, 1)]


@pytest.mark.parametrize("which", ["foreign", "over", "no lesson", "another factor"])
def test_only_a_lesson_of_the_lab_that_is_under_way_can_be_waited_for(lesson, coarse, which):
    asked = {}
    if which == "foreign":
        lesson = lessons.under_way(*lessons.pair())
    elif which == "over":
        taught(lesson)
    elif which == "no lesson":
        lesson = runs.run(coarse)
    else:
        asked["factor"] = 4
    with pytest.raises(services.BadParameters):
        after(lesson, coarse, **asked)


def test_the_page_of_a_lesson_leads_to_the_prediction(lesson, coarse, client: Client):
    client.force_login(lesson.submitted_by)
    page = client.get(lesson.get_absolute_url()).content.decode()
    address = f"/measurements/{coarse.pk}/run/?recipe=xray-diffusion&amp;after={lesson.pk}"
    assert address in page
    form = client.get(address.replace("&amp;", "&")).content.decode()
    assert f'value="lesson:{lesson.pk}" selected' in form
    assert "teaches; waits for it (×2)" in form
    run = after(lesson, coarse)
    assert run.get_absolute_url() in client.get(lesson.get_absolute_url()).content.decode()
    assert "the lesson that teaches" in client.get(run.get_absolute_url()).content.decode()
    stranger = Client()
    stranger.force_login(people.person())
    assert stranger.get(address.replace("&amp;", "&")).status_code == 404
    assert client.get(f"/measurements/{coarse.pk}/run/?after=nonsense").status_code == 404
