"""Teaching a network and keeping it, by a program."""

import pytest

from fiducial.accounts.models import Membership
from tests.api.test_api import ask, detail
from tests.factories import lessons, people, tokens

pytestmark = pytest.mark.django_db


def test_a_lesson_is_queued_by_the_id_of_its_judge():
    on, judge = lessons.pair()
    program = tokens.program(on.uploaded_by)
    asked = {"judge": str(judge.pk), "scale": 2, "steps": 10}
    body = {"measurement": str(on.pk), "recipe": "teach", "parameters": asked}
    run = ask(program, "post", "/runs", body, status=201)
    assert run["parameters"] == asked | {"judge": f"{judge.pk}@1"}
    foreign = lessons.pair()[0]
    body["parameters"] = asked | {"judge": str(foreign.pk)}
    assert "choose one of the other maps" in detail(program, "post", "/runs", body, status=422)


def test_a_network_is_kept_promoted_and_retired():
    run = lessons.finished(*lessons.pair())
    owner = people.person()
    Membership.objects.create(lab=run.measurement.project.lab, user=owner, role="owner")
    member, program = tokens.program(run.submitted_by), tokens.program(owner)
    path = f"/runs/{run.pk}/model"
    assert "Give the model a name" in detail(member, "post", path, {"name": ""}, status=400)
    kept = ask(member, "post", path, {"name": "Our olivine"}, status=201)
    assert (kept["state"], kept["card"]["after"]) == ("candidate", lessons.BETTER)
    assert ask(member, "get", "/models")["items"] == [kept]
    moved = f"/models/{kept['id']}"
    assert detail(member, "post", f"{moved}/promote", status=403).startswith("Only owners")
    assert ask(program, "post", f"{moved}/promote")["state"] == "promoted"
    assert ask(program, "post", f"{moved}/retire")["state"] == "retired"
    assert "is retired already" in detail(program, "post", f"{moved}/retire", status=400)
    assert ask(program, "get", moved)["state"] == "retired"


def test_another_labs_models_are_not_there():
    model, stranger = lessons.model(), tokens.program(people.person())
    assert ask(stranger, "get", "/models")["items"] == []
    for method, path in (("get", ""), ("post", "/promote"), ("post", "/retire")):
        assert "no such thing" in detail(stranger, method, f"/models/{model.pk}{path}", status=404)
