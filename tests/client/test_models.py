"""Teaching by command: a lesson is queued, what it taught is kept, promoted and retired."""

import pytest

from fiducial.accounts.models import Membership
from fiducial.runs.models import Run
from tests.factories import lessons, people


@pytest.fixture
def pair(member):
    on, judge = lessons.pair(member)
    Membership.objects.filter(user=member).update(role="owner")
    return on, judge


def test_a_lesson_is_queued(typed, pair):
    on, judge = pair
    status, key, told = typed(
        "teach", on.pk, "--judge", judge.pk, "--scale", "2", "--steps", "20", "--seed", "3"
    )
    assert status == 0, told
    run = Run.objects.get(pk=key)
    assert (run.recipe, run.seed) == ("teach", 3)
    assert run.parameters == {"judge": f"{judge.pk}@1", "scale": 2, "steps": 20}


def test_what_it_taught_is_kept_listed_promoted_and_retired(typed, portal, pair):
    run = lessons.finished(*pair)
    status, key, told = typed("keep", run.pk, "Our olivine")
    assert status == 0, told
    assert "an owner of the lab promotes it" in told
    assert typed("models")[1] == f"{key}\tcandidate\t×2\tOur olivine"
    assert typed("promote", "Our olivine") == (0, key, "“Our olivine” is promoted now.\n")
    assert portal.model(key).card["accepted"]
    assert typed("retire", key)[2] == "“Our olivine” is retired now.\n"
    assert portal.model("Our olivine").state == "retired"


def test_what_the_portal_refuses_is_said(typed, pair):
    worse = lessons.finished(*pair, after={"psnr_db": 29.0, "coverage_gap": 0.1})
    status, printed, told = typed("keep", worse.pk, "Our olivine")
    assert (status, printed) == (3, "")
    assert "no better than the one that ships" in told
    assert "no model called “Our olivine”" in typed("promote", "Our olivine")[2]


def test_members_do_not_promote(typed, pair, member):
    lessons.model("Our olivine", lessons.finished(*pair))
    Membership.objects.filter(user=member).update(role="member")
    status, _, told = typed("promote", "Our olivine")
    assert status == 3
    assert "Only owners" in told


def test_models_of_other_labs_are_not_seen(typed, access):
    lessons.model("Theirs", lessons.finished(*lessons.pair(people.person())))
    assert typed("models") == (0, "", "")
