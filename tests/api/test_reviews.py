"""Asking for reviews by a program."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fiducial.accounts.models import Membership
from fiducial.review.models import ReviewRequest
from fiducial.trail.models import Entry
from tests.api.test_api import ask, detail
from tests.factories import people, tokens
from tests.factories.finished_runs import finished_run
from tests.factories.frozen_reports import frozen

pytestmark = pytest.mark.django_db
DUE = (timezone.now().date() + timedelta(days=7)).isoformat()
WANTED = {"reviewer": "rolf", "due": DUE, "blind": True}


@pytest.fixture
def report():
    member = people.person("mara")
    return frozen(finished_run(member), member)


@pytest.fixture
def programs(report):
    """Programs of an owner, a reviewer, another reviewer and a member of its lab."""
    cast = {"olga": "owner", "rolf": "reviewer", "rita": "reviewer"}
    users = {name: people.person(name) for name in cast}
    for name, role in cast.items():
        Membership.objects.create(lab=report.run.lab, user=users[name], role=role)
    return {name: tokens.program(user) for name, user in users.items()} | {
        "mara": tokens.program(report.frozen_by)
    }


def test_somebody_is_asked_listed_and_asked_no_more(report, programs):
    path = f"/reports/{report.pk}/requests"
    made = ask(programs["olga"], "post", path, WANTED, status=201)
    assert (made["reviewer"], made["asked_by"], made["due"]) == ("rolf", "olga", DUE)
    assert (made["state"], made["blind"], made["newer_version"]) == ("waiting", True, False)
    assert ask(programs["mara"], "get", path)["items"] == [made]
    assert ask(programs["rolf"], "get", "/requests")["items"] == [made]
    assert ask(programs["olga"], "get", "/requests")["items"] == []
    ask(programs["olga"], "delete", f"{path}/{made['id']}", status=204)
    assert ask(programs["rolf"], "get", "/requests")["items"] == []
    assert [one["state"] for one in ask(programs["olga"], "get", path)["items"]] == ["withdrawn"]


def test_what_is_refused_says_why(report, programs):
    path = f"/reports/{report.pk}/requests"
    assert "Only owners" in detail(programs["mara"], "post", path, WANTED, status=403)
    nobody = WANTED | {"reviewer": "nobody"}
    assert "Nobody in" in detail(programs["olga"], "post", path, nobody, status=400)
    late = WANTED | {"due": "2000-01-01"}
    assert "after today" in detail(programs["olga"], "post", path, late, status=400)
    assert not ReviewRequest.objects.exists()


def test_a_blind_reviewer_learns_of_their_own_request_until_an_owner_ends_it(report, programs):
    path = f"/reports/{report.pk}/requests"
    for name in ("rolf", "rita"):
        ask(programs["olga"], "post", path, WANTED | {"reviewer": name}, status=201)
    assert [one["reviewer"] for one in ask(programs["rolf"], "get", path)["items"]] == ["rolf"]
    assert ask(programs["olga"], "get", path)["count"] == 2

    end = f"/reports/{report.pk}/unblind"
    body = {"reason": "Both asked to compare notes."}
    assert "Only owners" in detail(programs["rolf"], "post", end, body, status=403)
    assert "Say why" in detail(programs["olga"], "post", end, {"reason": " "}, status=400)
    ask(programs["olga"], "post", end, body, status=204)
    assert ask(programs["rolf"], "get", path)["count"] == 2
    entry = Entry.objects.get(action="review.unblinded")
    assert (entry.by_name, entry.reason) == ("olga", body["reason"])
    assert "is not blind" in detail(programs["olga"], "post", end, body, status=400)
