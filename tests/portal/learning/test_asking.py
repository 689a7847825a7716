"""A promoted model answers for its own lab, and for nobody else."""

import pytest
from django.test import Client
from safetensors.torch import save

from fiducial.accounts.models import User
from fiducial.learning import services as learning
from fiducial.learning.models import TaughtModel
from fiducial.measurements.models import Measurement
from fiducial.runs import comparing, describing, services
from fiducial.runs.models import Run
from fiducial.runs.work import work_one
from tests.factories import lessons, measurements, people
from workers.training.registry import load_flow

# The lease is renewed over a connection of its own, which sees only what was committed.
worked = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coarse(owner: User, run: Run) -> Measurement:
    """A small coarse map of the lab that taught."""
    return measurements.ready(run.measurement.project, owner)


@pytest.fixture
def model(run: Run, owner: User) -> TaughtModel:
    made = lessons.model("Our olivine", run)
    learning.promote(model=made, by=owner)
    return made


def ask(coarse: Measurement, model: TaughtModel) -> Run:
    return services.submit(
        measurement=coarse,
        recipe="xray-diffusion",
        parameters={"factor": 2, "sampling": "binned", "network": str(model.pk)},
        seed=0,
        by=coarse.uploaded_by,
    )


def form(user: User, coarse: Measurement) -> str:
    client = Client()
    client.force_login(user)
    page = client.get(f"/measurements/{coarse.pk}/run/?recipe=xray-diffusion")
    return page.content.decode()


def test_a_promoted_model_is_offered_in_its_lab_alone(coarse, owner, model):
    assert "Our olivine (×2)" in form(owner, coarse)
    elsewhere = people.person()
    theirs = measurements.ready(measurements.project(people.lab(member=elsewhere)), elsewhere)
    text = form(elsewhere, theirs)
    assert "Our olivine" not in text
    assert "Whose network" not in text
    with pytest.raises(services.BadParameters, match="choose a promoted model of this lab"):
        ask(theirs, model)


@pytest.mark.parametrize("state", ["candidate", "retired"])
def test_only_promoted_models_are_asked(coarse, owner, model, state):
    TaughtModel.objects.update(state=state)
    assert "Our olivine" not in form(owner, coarse)
    with pytest.raises(services.BadParameters, match="choose a promoted model of this lab"):
        ask(coarse, model)


@worked
def test_a_run_with_a_taught_network_is_carried_out_and_named(run, owner):
    weights = save(
        {k: v.half().contiguous() for k, v in load_flow(2).regression.state_dict().items()}
    )
    judge = run.measurement.project.measurements.exclude(pk=run.measurement_id).get()
    model = lessons.model("Our olivine", lessons.finished(run.measurement, judge, weights=weights))
    learning.promote(model=model, by=owner)
    asked = ask(measurements.ready(run.measurement.project, owner), model)
    assert ("Whose network", "Our olivine") in describing.parameters(asked)
    assert "own network" in describing.brief(asked)
    work_one("gpu0@here")
    asked.refresh_from_db()
    assert (asked.state, asked.error) == ("succeeded", "")
    assert asked.summary["network"]["name"] == "Our olivine"
    assert comparing.estimator(asked).endswith("taught by the lab")
    client = Client()
    client.force_login(owner)
    text = client.get(asked.get_absolute_url()).content.decode()
    assert "the network was taught by the lab and never calibrated" in text
    compared = client.get(f"/measurements/{asked.measurement_id}/compare/")
    assert compared.status_code == 200


@worked
def test_a_model_whose_weights_went_fails_the_run_with_a_sentence(coarse, model):
    (model.folder / model.weights[0]).unlink()
    asked = ask(coarse, model)
    work_one("gpu0@here")
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert "no longer in the store" in asked.error
