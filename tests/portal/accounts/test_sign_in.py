import pytest
from django.test import Client

from tests.factories.people import PASSWORD, lab, person

pytestmark = pytest.mark.django_db


def test_sign_in_by_name_and_by_mail(client: Client) -> None:
    person("mira", email="mira@lab.example")

    for login in ("mira", "mira@lab.example"):
        answer = client.post("/account/login/", {"login": login, "password": PASSWORD}, follow=True)
        assert answer.context["user"].username == "mira"
        client.post("/account/logout/")
    assert not client.get("/").context["user"].is_authenticated


def test_sign_up_is_closed(client: Client) -> None:
    answer = client.get("/account/signup/")

    assert "Accounts are made by labs" in answer.content.decode()
    assert not client.post("/account/signup/", {"username": "eve"}).context.get("form")


def test_password_can_be_changed(client: Client) -> None:
    user = person()
    client.force_login(user)

    client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "new-horse-4711", "password2": "new-horse-4711"},
    )

    user.refresh_from_db()
    assert user.check_password("new-horse-4711")


def test_account_page_lists_my_labs_and_roles(client: Client) -> None:
    user = person()
    lab("Assay", reviewer=user)
    lab("Foreign", owner=person())
    client.force_login(user)

    page = client.get("/you/").content.decode()

    assert "Assay" in page
    assert "reviewer" in page
    assert "Foreign" not in page


@pytest.mark.parametrize("page", ["/projects/", "/you/", "/labs/1/", "/under-way/", "/example/"])
def test_pages_ask_strangers_to_sign_in(client: Client, page: str) -> None:
    answer = client.get(page)

    assert answer.status_code == 302
    assert answer["Location"] == f"/account/login/?next={page}"


def test_pages_carry_a_policy_without_inline_scripts(client: Client) -> None:
    answer = client.get("/")

    assert "script-src" not in answer["Content-Security-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "<script>" not in answer.content.decode()
