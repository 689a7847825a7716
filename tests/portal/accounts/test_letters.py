"""The outbox: kept with what it tells of, tried again, given up in the end, and asked for."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from fiducial.accounts import letters
from fiducial.accounts.models import Letter
from fiducial.errors import Refused
from tests.factories.people import person
from tests.factories.post_office import post_office

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_server(settings):
    settings.EMAIL_HOST = "127.0.0.1"
    return settings


def write(**changed: object) -> None:
    letters.write(to="ada@lab.example", subject="Finished\n: iron", text="It is done.", **changed)


def carried() -> bool:
    letter = letters.take()
    if letter is None or not letters.deliver(letter):
        return False
    letters.note_sent(letter)
    return True


def test_a_letter_is_sent_once():
    write()
    assert carried()
    assert not carried()
    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (
        ["ada@lab.example"],
        "Finished : iron",
        "It is done.",
    )


def test_a_letter_is_not_kept_where_its_event_is_not():
    @transaction.atomic
    def event() -> None:
        write()
        raise Refused("It did not happen.")

    with pytest.raises(Refused):
        event()
    assert not Letter.objects.exists()


def test_two_carriers_do_not_take_one_letter():
    write()
    assert letters.take() is not None
    assert letters.take() is None


def test_a_mail_server_that_is_down_loses_nothing_and_is_not_asked_for_ever(mail_server):
    with post_office() as (port, taken):
        pass  # closed again: nobody listens there
    mail_server.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    mail_server.EMAIL_PORT = port
    write()
    pauses = []
    for _ in range(letters.MAX_ATTEMPTS):
        assert not carried()
        letter = Letter.objects.get()
        pauses.append(letter.due - timezone.now())
        Letter.objects.update(due=timezone.now())
    assert timedelta(seconds=50) < pauses[0] < timedelta(minutes=2) < pauses[2]
    assert sum(pauses, timedelta()) > timedelta(days=1)
    assert letters.take() is None
    Letter.objects.update(attempts=3)
    with post_office(port) as (_, taken):
        assert carried()
    assert "It is done." in taken[0]
    assert Letter.objects.get().sent is not None


def test_a_letter_that_cannot_be_written_down_keeps_no_other_back():
    write()
    Letter.objects.update(subject="two\nlines")
    assert not carried()
    write()
    assert carried()


def test_a_reminder_waits_until_it_is_due():
    write(due=timezone.now() + timedelta(days=1))
    assert letters.take() is None
    Letter.objects.update(due=timezone.now())
    assert letters.take() is not None


def test_what_was_sent_long_ago_is_forgotten():
    write()
    write(due=timezone.now() + timedelta(days=1))
    Letter.objects.filter(due__lte=timezone.now()).update(sent=timezone.now() - timedelta(days=31))
    letters.forget()
    assert Letter.objects.get().sent is None


def test_without_a_mail_server_or_an_address_nothing_is_kept(mail_server):
    letters.write(to="", subject="s", text="t")
    mail_server.EMAIL_HOST = ""
    write()
    assert not Letter.objects.exists()


def test_a_person_says_whether_to_be_told_of_runs(client: Client, mail_server):
    user = person(email="ada@lab.example")
    client.force_login(user)
    assert "Tell me when my runs end" in client.get("/you/").content.decode()
    answer = client.post("/you/mail/", follow=True)
    assert "You are not mailed any more." in answer.content.decode()
    user.refresh_from_db()
    assert not user.told_of_runs
    client.post("/you/mail/", {"told_of_runs": "yes"})
    user.refresh_from_db()
    assert user.told_of_runs
    mail_server.EMAIL_HOST = ""
    assert "has no mail server" in client.get("/you/").content.decode()
