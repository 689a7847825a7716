import pytest
from django.test import Client


@pytest.mark.django_db
def test_missing_page_says_so_in_words(client: Client) -> None:
    answer = client.get("/projects/4711/nothing/")

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


@pytest.mark.django_db
def test_stale_form_changes_nothing_and_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "x"})

    assert answer.status_code == 403
    assert "reload the page and send it again" in answer.content.decode()


def test_broken_page_needs_nothing_that_may_be_broken() -> None:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "looked up in the database, which this test may not use"

    answer = client.get("/projects/")

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
