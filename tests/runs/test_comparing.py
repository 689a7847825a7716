"""The page that compares estimators: whose figures stand where, and what is no answer."""

import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.demo import services
from fiducial.runs import comparing
from fiducial.runs.models import Run
from tests.factories import demo, people
from tests.factories.finished_runs import finished_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return finished_run()


def answered(run: Run, recipe: str = "xray-diffusion", *, width: float = 1.0, **facts) -> Run:
    """Another finished run of the same map: `width` times as wide, or whatever `facts` say."""
    other = Run.objects.get(pk=run.pk)
    other.pk, other.id, other.recipe = None, uuid.uuid4(), recipe
    other.finished = timezone.now()
    for channel in other.summary["per_channel"].values():
        channel["interval_width"] *= width
    parameters = {**other.parameters, **facts.pop("parameters", {})}
    for name, value in {**facts, "parameters": parameters}.items():
        setattr(other, name, value)
    other.save(force_insert=True)
    return other


def page(client: Client, run: Run, user=None) -> str:
    client.force_login(user or run.submitted_by)
    answer = client.get(f"/measurements/{run.measurement_id}/compare/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_estimators_of_one_question_stand_in_one_table(client, run):
    answered(run, width=0.5)
    answered(run, width=2, parameters={"estimator": "latent"})
    [question] = comparing.questions(run.measurement)
    titles = [answer.title for answer in question.answers]
    assert titles == ["Latent diffusion, literally", "Null-space flow", "Ensemble posterior"]
    widths = [answer.width for answer in question.answers]
    assert widths == pytest.approx([2 * widths[2], 0.5 * widths[2], widths[2]])
    shown = page(client, run)
    assert "0.893" in shown
    assert all(f"{width:.2f}" in shown for width in widths)


def test_only_the_newest_answer_of_an_estimator_counts(run):
    old, new = answered(run), answered(run)
    [question] = comparing.questions(run.measurement)
    assert new in [answer.run for answer in question.answers]
    assert old not in [answer.run for answer in question.answers]
    # On its own page a run stands for itself, however old.
    assert comparing.question_of(old).answers[0].run == old


def test_an_electron_image_makes_another_estimator(run):
    answered(run)
    answered(run, parameters={"estimator": "flow", "guide": True})
    [question] = comparing.questions(run.measurement)
    titles = [answer.title for answer in question.answers]
    assert titles[:2] == ["Null-space flow, with electron image", "Null-space flow"]


def test_runs_that_were_asked_otherwise_answer_a_question_of_their_own(client, run):
    answered(run, parameters={"factor": 2})
    answered(run, parameters={"strict": True})
    answered(run, measurement_revision=2)
    answered(run, state=Run.State.FAILED)
    found = comparing.questions(run.measurement)
    assert [len(question.answers) for question in found] == [1, 1, 1, 1]
    assert len({question.name for question in found}) == 4
    assert comparing.figure(found[0]) is None
    assert "compare-figure" not in page(client, run)


def test_an_estimator_that_was_not_asked_can_be(client, run):
    assert "?recipe=xray-diffusion&amp;from=" in page(client, run)
    answered(run)
    assert "?recipe=xray-diffusion" not in page(client, run)


def test_the_figure_sets_coverage_against_width_and_says_what_was_promised(run):
    answered(run, width=0.5)
    [question] = comparing.questions(run.measurement)
    drawn = comparing.figure(question)
    assert [trace["y"] for trace in drawn["data"]] == [[0.893, 0.81]] * 2
    assert drawn["data"][1]["x"][0] == pytest.approx(2 * drawn["data"][0]["x"][0])
    assert drawn["layout"]["shapes"][0]["y0"] == 0.9
    assert "counts" in drawn["layout"]["xaxis"]["title"]["text"]


def test_a_map_without_a_finished_run_says_what_to_do(client, run):
    Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED)
    assert "No finished run yet" in page(client, run)


def test_somebody_of_another_lab_finds_no_page(client, run):
    client.force_login(people.person())
    assert client.get(f"/measurements/{run.measurement_id}/compare/").status_code == 404


def test_the_slow_scan_of_the_demo_stays_sealed_until_reveal(client):
    member = people.person()
    run = demo.finished_run(member)
    assert "slow scan" not in page(client, run, member)
    table = services.stores.of_run(run).table("features")
    marks = [(int(table["channel"][i]), table["y"][i], table["x"][i]) for i in range(5)]
    services.reveal(run=run, user=member, marks=marks)
    decibels = services.decibels(run, member)
    shown = page(client, run, member)
    assert f"{decibels:.2f} <button" in shown
    assert ">to the slow scan</button>" in shown
    assert 10 < decibels < 40
