"""Labs, their people and their trail, by a program."""

import pytest

from tests.api.test_api import ask, detail
from tests.factories import tokens
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


def test_an_owner_changes_roles_and_reads_what_was_done():
    owner, other = person("olga"), person("otto")
    mine = lab("Assay", owner=owner, member=other)
    program = tokens.program(owner)
    assert ask(program, "get", "/labs")["items"] == [
        {"id": mine.pk, "name": "Assay", "role": "owner"}
    ]
    people = ask(program, "get", f"/labs/{mine.pk}/people")["items"]
    assert [(one["username"], one["role"]) for one in people] == [
        ("olga", "owner"), ("otto", "member"),
    ]  # fmt: skip
    path = f"/labs/{mine.pk}/people/{other.pk}"
    assert ask(program, "put", path, {"role": "reviewer"})["role"] == "reviewer"
    assert "“king” is not a role" in detail(program, "put", path, {"role": "king"}, status=400)
    ask(program, "delete", path, status=204)
    assert "no such thing" in detail(program, "delete", path, status=404)
    done = ask(program, "get", "/trail")["items"]
    assert [entry["action"] for entry in done] == ["lab.removed", "lab.role"]
    assert ask(program, "get", "/trail?q=nobody")["items"] == []


def test_a_member_changes_no_roles():
    member, other = person(), person()
    mine = lab(member=member, owner=other)
    path = f"/labs/{mine.pk}/people/{other.pk}"
    program = tokens.program(member)
    assert detail(program, "put", path, {"role": "member"}, status=403).startswith("Only owners")
    assert detail(program, "delete", path, status=403).startswith("Only owners")


def test_another_lab_is_not_there():
    owner = person()
    foreign, program = lab(owner=owner), tokens.program(person())
    assert "no such thing" in detail(program, "get", f"/labs/{foreign.pk}/people", status=404)
    path = f"/labs/{foreign.pk}/people/{owner.pk}"
    assert "no such thing" in detail(program, "put", path, {"role": "member"}, status=404)
    assert "no such thing" in detail(program, "delete", path, status=404)
    body = {"lab": foreign.pk, "name": "Mine"}
    assert "no such thing" in detail(program, "post", "/projects", body, status=404)
