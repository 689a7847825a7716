from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts import services
from fiducial.accounts.models import OneTimeLink
from fiducial.errors import Refused
from tests.factories.people import person

pytestmark = pytest.mark.django_db


def test_one_time_link_signs_its_person_in_and_leads_on(client: Client) -> None:
    user = person()
    link = services.one_time_link(user=user, next_url="/you/", minutes=5)

    answer = client.get(link, follow=True)

    assert answer.redirect_chain == [("/you/", 302)]
    assert answer.context["user"] == user


def test_one_time_link_works_exactly_once(client: Client) -> None:
    link = services.one_time_link(user=person(), next_url="/you/", minutes=5)
    client.get(link)
    second = Client()

    answer = second.get(link, follow=True)

    assert answer.redirect_chain == [("/account/login/", 302)]
    assert not answer.context["user"].is_authenticated
    assert "was used already" in answer.content.decode()


def test_one_time_link_of_the_past_is_refused() -> None:
    link = services.one_time_link(user=person(), minutes=5)
    OneTimeLink.objects.update(expires=timezone.now() - timedelta(seconds=1))

    with pytest.raises(Refused, match="has run out"):
        services.use_one_time_link(token=link.strip("/").split("/")[-1])


def test_one_time_link_of_somebody_locked_out_is_refused() -> None:
    link = services.one_time_link(user=person(is_active=False), minutes=5)

    with pytest.raises(Refused):
        services.use_one_time_link(token=link.strip("/").split("/")[-1])


def test_one_time_link_keeps_no_readable_token() -> None:
    link = services.one_time_link(user=person(), minutes=5)

    assert OneTimeLink.objects.get().token_hash not in link


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", ""])
def test_one_time_link_leads_nowhere_else(elsewhere: str) -> None:
    with pytest.raises(Refused, match="page of this portal only"):
        services.one_time_link(user=person(), next_url=elsewhere)
