"""Inviting somebody: by mail where the portal has a mail server, and taking it back."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from fiducial.accounts.models import Lab, User
from fiducial.trail.models import Entry
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db
NADIA = {"username": "nadia", "email": "nadia@lab.example", "role": "reviewer"}


@pytest.fixture
def mine(client: Client) -> Lab:
    owner = person("olga")
    client.force_login(owner)
    return lab("Assay", owner=owner)


@pytest.fixture
def post_office(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example"


def invite(client: Client, mine: Lab, **changed: str) -> str:
    answer = client.post(f"/labs/{mine.pk}/", NADIA | changed)
    assert answer.status_code == 200
    return answer.content.decode()


def path_in(text: str) -> str:
    found = re.search(r"http://testserver(/once/[\w-]+/)", text)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("post_office")
def test_invitation_is_mailed_and_its_link_lets_the_person_in(client: Client, mine: Lab) -> None:
    page = invite(client, mine)

    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["nadia@lab.example"], "olga invites you to Assay")
    assert "as a reviewer: reads everything and decides on reports." in sent.body
    assert "Your username is nadia." in sent.body
    assert "The invitation was mailed to nadia@lab.example." in page
    assert path_in(page) == path_in(sent.body)
    arrived = Client().get(path_in(sent.body), follow=True)
    assert arrived.context["user"].username == "nadia"


def test_nothing_is_mailed_without_a_mail_server(client: Client, mine: Lab) -> None:
    assert "is mailed the link" not in client.get(f"/labs/{mine.pk}/").content.decode()

    assert path_in(invite(client, mine))
    assert mail.outbox == []


@pytest.mark.usefixtures("post_office")
def test_nothing_is_mailed_to_nobody(client: Client, mine: Lab) -> None:
    assert "is mailed the link" in client.get(f"/labs/{mine.pk}/").content.decode()

    assert path_in(invite(client, mine, email=""))
    assert mail.outbox == []


def test_mail_server_that_is_away_loses_no_link(
    client: Client, mine: Lab, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    page = invite(client, mine)

    assert "could not be mailed to nadia@lab.example" in page
    assert Client().get(path_in(page)).status_code == 302


def test_revoked_invitation_lets_nobody_in_and_can_be_made_again(client: Client, mine: Lab) -> None:
    link = path_in(invite(client, mine))
    nadia = User.objects.get(username="nadia")
    assert "Invited, and has not signed in yet" in client.get(f"/labs/{mine.pk}/").content.decode()

    client.post(f"/labs/{mine.pk}/people/{nadia.pk}/", {"role": "none"})

    assert not User.objects.filter(username="nadia").exists()
    refused = Client().get(link, follow=True)
    assert not refused.context["user"].is_authenticated
    assert Entry.objects.filter(action="lab.removed", subject="nadia").exists()
    assert path_in(invite(client, mine)) != link


def test_somebody_invited_twice_stays_invited_by_the_other_lab(client: Client, mine: Lab) -> None:
    link = path_in(invite(client, mine))
    nadia = User.objects.get(username="nadia")
    lab("Other", member=nadia)

    client.post(f"/labs/{mine.pk}/people/{nadia.pk}/", {"role": "none"})

    assert Client().get(link, follow=True).context["user"] == nadia


def test_somebody_who_came_keeps_the_account(client: Client, mine: Lab) -> None:
    Client().get(path_in(invite(client, mine)))
    nadia = User.objects.get(username="nadia")

    client.post(f"/labs/{mine.pk}/people/{nadia.pk}/", {"role": "none"})

    assert User.objects.filter(pk=nadia.pk).exists()
    assert not nadia.memberships.exists()
