"""The registry: what is kept of a lesson, who promotes it, and who sees it."""

import shutil

import pytest
from django.conf import settings
from django.test import Client

from fiducial.accounts.permissions import NotAllowed
from fiducial.errors import Refused
from fiducial.learning import services
from fiducial.learning.models import TaughtModel
from fiducial.runs.allotments import quota
from fiducial.runs.models import Allotment, Run
from fiducial.trail.models import Entry
from tests.factories import lessons, people, runs


def keep(run: Run, name: str = "Our olivine") -> TaughtModel:
    return services.keep(run=run, by=run.submitted_by, name=name)


def test_a_kept_model_has_its_files_and_says_where_it_comes_from(run):
    model = keep(run)
    judge = run.measurement.project.measurements.exclude(pk=run.measurement_id).get()
    assert {path.name for path in model.folder.iterdir()} == {
        "cell2.safetensors",
        "card.json",
        "curve.csv",
    }
    assert model.state == "candidate"
    assert model.sources == {
        "taught_on": {
            "name": f"{run.measurement}, revision 1",
            "content_hash": run.measurement.content_hash,
        },
        "judged_on": {"name": f"{judge}, revision 1", "content_hash": judge.content_hash},
    }
    assert Entry.objects.get(action="model.kept").subject == "Our olivine"


def test_a_model_outlives_the_results_of_its_lesson(run, client: Client):
    model = keep(run)
    shutil.rmtree(settings.STORE / run.store_path)
    Run.objects.update(store_path="")
    client.force_login(run.submitted_by)
    curve = client.get(f"/models/{model.pk}/curve/").json()
    assert len(curve["data"][0]["x"]) == 40
    assert client.get(run.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    "after", [{"psnr_db": 29.0, "coverage_gap": 0.0}, {"psnr_db": 31.0, "coverage_gap": 0.1}]
)
def test_a_refused_network_makes_no_model(db, after):
    run = lessons.finished(*lessons.pair(), after=after)
    with pytest.raises(Refused, match="no better than the one that ships"):
        keep(run)
    assert not TaughtModel.objects.exists()


def test_only_a_finished_lesson_can_be_kept(run):
    for other in (
        runs.run(run.measurement, recipe="xray-ensemble", state=Run.State.SUCCEEDED),
        runs.run(run.measurement, recipe="teach"),
    ):
        with pytest.raises(Refused, match="Only a finished lesson"):
            keep(other)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_model_needs_a_name(run, name):
    with pytest.raises(Refused, match="a name of at most 80"):
        keep(run, name)


def test_a_lesson_is_kept_once_and_names_do_not_clash(run):
    kept = keep(run)
    folders = set(kept.folder.parent.iterdir())
    with pytest.raises(Refused, match="is a model of the lab already"):
        keep(run, "Another name")
    judge = run.measurement.project.measurements.exclude(pk=run.measurement_id).get()
    again = lessons.finished(run.measurement, judge)
    with pytest.raises(Refused, match="choose another name"):
        keep(again)
    assert set(kept.folder.parent.iterdir()) == folders


def test_files_that_are_gone_are_said(run):
    shutil.rmtree(settings.STORE / run.store_path)
    with pytest.raises(Refused, match="Teach it again"):
        keep(run)


def test_owners_promote_and_retire_and_it_is_noted(run, owner):
    model = keep(run)
    with pytest.raises(NotAllowed):
        services.promote(model=model, by=run.submitted_by)
    services.promote(model=model, by=owner)
    with pytest.raises(Refused, match="is promoted already"):
        services.promote(model=model, by=owner)
    services.retire(model=model, by=owner)
    model.refresh_from_db()
    assert model.state == "retired"
    noted = Entry.objects.filter(subject_id=str(model.pk)).order_by("pk")
    assert [entry.action for entry in noted] == ["model.kept", "model.promoted", "model.retired"]


def test_a_viewer_reads_and_keeps_nothing(run):
    viewer = people.person()
    run.measurement.project.lab.memberships.create(user=viewer, role="viewer")
    with pytest.raises(NotAllowed):
        services.keep(run=run, by=viewer, name="Mine")
    client = Client()
    client.force_login(viewer)
    assert "Keep this network" not in client.get(run.get_absolute_url()).content.decode()
    model = keep(run)
    page = client.get(model.get_absolute_url())
    assert page.status_code == 200
    assert "Promote" not in page.content.decode()


def test_another_lab_sees_nothing_of_it(run):
    model, stranger = keep(run), Client()
    stranger.force_login(people.person())
    lab = run.measurement.project.lab_id
    for address in (f"/models/{model.pk}/", f"/models/{model.pk}/curve/", f"/labs/{lab}/models/"):
        assert stranger.get(address).status_code == 404
    for action in ("promote", "retire"):
        assert stranger.post(f"/models/{model.pk}/{action}/").status_code == 404
    assert stranger.post(f"/runs/{run.pk}/model/", {"name": "Theirs"}).status_code == 404


def test_kept_networks_count_as_what_the_lab_stores(run):
    lab = run.measurement.project.lab
    before = quota(lab).stored
    model = keep(run)
    assert model.size == sum(path.stat().st_size for path in model.folder.iterdir()) > 0
    assert quota(lab).stored == before + model.size


def test_a_network_is_not_kept_without_room(run):
    Allotment.objects.create(lab=run.measurement.project.lab, storage_gb=0.0)
    with pytest.raises(Refused, match="left in the store"):
        keep(run)
    assert not TaughtModel.objects.exists()
