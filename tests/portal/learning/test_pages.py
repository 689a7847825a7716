"""What people see of lessons and models."""

import pytest
from django.test import Client

from fiducial.errors import Refused
from fiducial.learning.models import TaughtModel
from fiducial.reports import services as reports
from fiducial.runs import folders
from tests.factories import lessons, measurements, people, runs
from workers.store import RunWriter


@pytest.fixture
def member(run, client: Client) -> Client:
    client.force_login(run.submitted_by)
    return client


def test_an_accepted_lesson_is_kept_from_its_page_and_promoted_from_its_card(run, member, owner):
    text = member.get(run.get_absolute_url()).content.decode()
    for words in ("Accepted.", "30.25", "31.50", "3.10", "1.20", "Keep this network"):
        assert words in text
    kept = member.post(f"/runs/{run.pk}/model/", {"name": "Our olivine"})
    model = TaughtModel.objects.get()
    assert kept.headers["Location"] == model.get_absolute_url()
    assert "Keep this network" not in member.get(run.get_absolute_url()).content.decode()
    own = Client()
    own.force_login(owner)
    own.post(f"/models/{model.pk}/promote/")
    card = own.get(model.get_absolute_url()).content.decode()
    for words in ("promoted", "Retire", run.measurement.content_hash, "xray-flow-1"):
        assert words in card
    assert "Promote</button>" not in card
    listed = own.get(f"/labs/{model.lab_id}/models/").content.decode()
    assert "Our olivine" in listed


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ({"psnr_db": 31.0, "coverage_gap": 0.1}, "but its samples do not cover it better"),
        ({"psnr_db": 29.0, "coverage_gap": 0.0}, "but its estimate comes no closer"),
        ({"psnr_db": 29.0, "coverage_gap": 0.1}, "neither comes closer"),
    ],
)
def test_a_refused_lesson_says_why_with_its_figures(db, client, after, why):
    run = lessons.finished(*lessons.pair(), after=after)
    client.force_login(run.submitted_by)
    text = client.get(run.get_absolute_url()).content.decode()
    for words in ("Refused: no model was made.", why, f"{after['psnr_db']:.2f}"):
        assert words in text
    assert "Keep this network" not in text


def test_a_lab_without_models_is_told_how_to_begin(run, member):
    text = member.get(f"/labs/{run.measurement.project.lab_id}/models/").content.decode()
    assert "has taught no network yet" in text


def test_the_list_of_models_asks_the_database_as_often_for_one_as_for_many(
    run, member, django_assert_num_queries
):
    lessons.model("First", run)
    address = f"/labs/{run.measurement.project.lab_id}/models/"
    judge = run.measurement.project.measurements.exclude(pk=run.measurement_id).get()
    with django_assert_num_queries(5):
        member.get(address)
    for name in ("Second", "Third"):
        lessons.model(name, lessons.finished(run.measurement, judge))
    with django_assert_num_queries(5):
        member.get(address)


def test_the_curve_grows_while_the_lesson_is_under_way(run, member):
    going = runs.running(run.measurement, recipe="teach", parameters=run.parameters)
    curve = f"/runs/{going.pk}/curve/"
    assert curve in member.get(going.get_absolute_url()).content.decode()
    assert member.get(curve).json()["data"][0]["x"] == []
    shape = (4, 4)
    writer = RunWriter(
        folders.output(going),
        channels=["Si"],
        measured_shape=shape,
        shape=shape,
        samples=0,
        provenance={},
    )
    for line in ("step,loss", "1,-1.5", "2,-2.5"):
        writer.line("curve.csv", line)
    raw, mean = member.get(curve).json()["data"]
    assert (raw["x"], raw["y"], mean["y"]) == ([1, 2], [-1.5, -2.5], [-1.5, -2.0])


def test_a_lesson_is_no_map_to_look_at_or_to_freeze(run, member):
    assert member.get(f"/runs/{run.pk}/features/").status_code == 404
    with pytest.raises(Refused, match="taught a network"):
        reports.freeze(run=run, by=run.submitted_by)
    assert member.post(f"/runs/{run.pk}/audit-windows/", {"count": "1"}).status_code in (302, 404)
    other = runs.run(run.measurement)
    assert member.get(f"/runs/{other.pk}/curve/").status_code == 404


def test_teaching_begins_on_the_page_of_a_map(run, member):
    page = member.get(run.measurement.get_absolute_url()).content.decode()
    assert f"/measurements/{run.measurement_id}/run/?recipe=teach" in page
    form = member.get(f"/measurements/{run.measurement_id}/run/?recipe=teach")
    judge = run.measurement.project.measurements.exclude(pk=run.measurement_id).get()
    assert f'value="{judge.pk}@1"' in form.content.decode()


def test_a_lab_with_one_map_is_told_what_is_missing(db, client):
    owner = people.person()
    only = measurements.ready(measurements.project(people.lab(owner=owner)), owner)
    client.force_login(owner)
    text = client.get(f"/measurements/{only.pk}/run/?recipe=teach").content.decode()
    assert "no other map that is ready" in text
