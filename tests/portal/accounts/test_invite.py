import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from fiducial.accounts.models import Lab, Membership, User
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


def test_invite_opens_a_lab_with_its_owner_and_lets_them_in(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("invite", "olga", "--lab", "Assay")

    link = capsys.readouterr().out.splitlines()[-1]
    assert Lab.objects.get(name="Assay").memberships.get().role == Membership.Role.OWNER
    assert client.get(link, follow=True).context["user"] == User.objects.get(username="olga")


def test_invite_makes_an_operator_of_somebody_known() -> None:
    otto = person("otto")

    call_command("invite", "otto", "--operator")

    otto.refresh_from_db()
    assert otto.is_operator
    assert not otto.memberships.exists()


def test_invite_puts_somebody_into_a_lab_there_is() -> None:
    mine = lab("Assay", owner=person())

    call_command("invite", "rita", "--lab", "assay", "--role", "reviewer")

    assert mine.memberships.get(user__username="rita").role == Membership.Role.REVIEWER


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("mia", "--lab", "Nowhere", "--role", "member"), "a new one begins with its owner"),
        (("no spaces please",), "Enter a valid username"),
    ],
)
def test_invite_says_what_is_wrong(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("invite", *arguments)
    assert not User.objects.exists()
