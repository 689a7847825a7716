"""The trail keeps what was done, tells it to those it concerns, and cannot be bent."""

import pytest
from django.db import transaction
from django.test import Client

from fiducial.accounts import services as accounts
from fiducial.errors import Refused
from fiducial.runs import services as runs
from fiducial.trail.actions import ACTIONS
from fiducial.trail.models import Entry
from fiducial.trail.queries import visible_entries
from fiducial.trail.services import record
from tests.factories import measurements
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_step_of_a_run_is_told_to_the_owner_of_its_lab():
    owner, member = person("owner"), person("member")
    mine = lab("Assay", owner=owner, member=member)
    measurement = measurements.ready(measurements.project(mine), member)
    run = runs.submit(
        measurement=measurement,
        recipe="xray-ensemble",
        parameters={"factor": "1"},
        seed=0,
        by=member,
    )
    runs.cancel(run=run, by=member)

    told = [(entry.action, entry.by_name, entry.lab_name) for entry in visible_entries(owner)]
    assert told == [("run.cancelled", "member", "Assay"), ("run.queued", "member", "Assay")]
    page = signed_in(owner).get("/trail/").content.decode()
    assert "cancelled" in page
    assert str(run) in page


def test_what_is_refused_is_not_noted():
    owner = person()
    mine = lab(owner=owner)
    with pytest.raises(Refused):
        accounts.remove_member(by=owner, lab=mine, user=owner)
    assert not Entry.objects.exists()


def test_an_entry_goes_with_the_action_it_speaks_of():
    mine = lab(owner=person())

    @transaction.atomic
    def interrupted():
        record("lab.role", by=None, lab=mine, subject="somebody")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert not Entry.objects.exists()


def test_entries_cannot_be_changed_or_removed():
    entry = record("lab.opened", by=person(), subject="Assay")
    entry.by_name = "nobody"
    for bend in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(by_name="nobody"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            bend()
    assert Entry.objects.get().by_name != "nobody"


def test_entries_outlive_person_and_lab():
    operator, gone = person(is_operator=True), person("gone")
    mine = lab("Closed", owner=gone)
    record("lab.opened", by=gone, lab=mine, subject=mine)
    mine.delete()
    gone.delete()

    entry = visible_entries(operator).get()
    assert (entry.by_name, entry.lab_name, entry.subject) == ("gone", "Closed", "Closed")
    assert entry.by is None
    assert entry.lab is None


def test_members_strangers_and_operators_see_only_what_concerns_them():
    owner, member, operator = person(), person(), person(is_operator=True)
    mine = lab(owner=owner, member=member)
    record("lab.opened", by=owner, lab=mine, subject=mine)
    moved = record("run.cancelled", by=operator, lab=mine, subject="a run", as_operator=True)

    assert visible_entries(owner).count() == 2
    assert list(visible_entries(operator)) == [moved]
    assert not visible_entries(member).exists()
    assert not visible_entries(person()).exists()


def test_the_trail_is_searched_by_any_name_and_by_number():
    owner = person("ada")
    mine = lab("Assay", owner=owner)
    for number in range(60):
        record("project.opened", by=owner, lab=mine, subject=f"Basalt {number}")
    client = signed_in(owner)
    assert client.get("/trail/").content.decode().count("<tr>") == 51
    assert client.get("/trail/?page=2").content.decode().count("<tr>") == 11
    found = client.get("/trail/?q=Basalt 59").content.decode()
    assert found.count("<tr>") == 2
    assert "Nothing here is called" in client.get("/trail/?q=granite").content.decode()


def test_an_action_needs_words():
    with pytest.raises(KeyError, match="has no words"):
        record("lab.painted", by=None, subject="x")
    assert all(words == words.strip() and words for words in ACTIONS.values())
