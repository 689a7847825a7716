"""Programs get in with a token: what it opens, what it does not, and how it ends."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fiducial.accounts.models import User
from fiducial.api import services
from fiducial.api.models import Token
from fiducial.errors import Refused
from fiducial.trail.models import Entry
from tests.api.test_api import ask, detail
from tests.factories import runs, tokens
from tests.factories.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return person()


def test_a_token_that_may_write_queues_without_a_session_or_a_csrf_token(measurement):
    program = tokens.program(measurement.uploaded_by)
    body = {"measurement": str(measurement.pk), "parameters": {"factor": 4, "sampling": "binned"}}
    run = ask(program, "post", "/runs", body, status=201)
    assert ask(program, "get", f"/runs/{run['id']}")["state"] == "queued"


def test_a_token_that_reads_changes_nothing(measurement):
    run = runs.run(measurement)
    program = tokens.program(measurement.uploaded_by, "read")
    assert ask(program, "get", f"/runs/{run.pk}")["state"] == "queued"
    said = detail(program, "post", f"/runs/{run.pk}/cancel", status=403)
    assert said.startswith("The token “a program” may only read.")
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.parametrize("end", ["revoked", "expired", "unknown", "inactive"])
def test_a_token_that_is_over_opens_nothing_even_beside_a_session(user, end):
    secret = tokens.secret(user)
    if end == "revoked":
        services.revoke_token(token=user.tokens.get(), by=user)
    elif end == "expired":
        user.tokens.update(expires=timezone.now() - timedelta(seconds=1))
    elif end == "unknown":
        secret = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    if end != "inactive":
        program.force_login(user)
    assert detail(program, "get", "/runs", status=401).startswith("This token is not known here")


def test_only_a_hash_of_the_secret_is_kept(user):
    token, secret = services.create_token(user=user, name="beamline", scope="read", days=30)
    assert secret.startswith("fid_")
    assert len(secret) == len("fid_") + 43  # 256 bits
    assert secret not in str(Token.objects.values().get())
    assert services.recognise(secret=secret) == token


def test_use_is_noted_once_a_minute(user):
    secret = tokens.secret(user)
    services.recognise(secret=secret)
    first = Token.objects.get().used
    assert first is not None
    services.recognise(secret=secret)
    assert Token.objects.get().used == first


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Give the token a name"),
        ({"name": "x" * 81}, "Give the token a name"),
        ({"scope": "rule"}, "“rule” is not a scope"),
        ({"days": 366}, "1 to 365 days, not for 366"),
        ({"days": 0}, "1 to 365 days, not for 0"),
    ],
)
def test_a_token_is_refused_with_a_sentence(user, wrong, sentence):
    with pytest.raises(Refused, match=sentence):
        services.create_token(**{"user": user, "name": "x", "scope": "read", "days": 1, **wrong})


def test_tokens_are_not_heaped_up(user, monkeypatch):
    monkeypatch.setattr(services, "MOST_TOKENS", 1)
    tokens.secret(user)
    with pytest.raises(Refused, match="You have 1 tokens already"):
        tokens.secret(user)


def test_the_secret_is_shown_once_and_the_token_can_be_revoked(client, user):
    client.force_login(user)
    form = {"name": "beamline 7", "scope": "write", "days": "30"}
    shown = client.post("/you/tokens/", form)
    secret = shown.context["secret"]
    assert secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    for page in ("/you/tokens/", "/you/"):
        content = client.get(page).content.decode()
        assert "beamline 7" in content
        assert secret not in content
    client.post(f"/you/tokens/{user.tokens.get().pk}/revoke/")
    assert services.recognise(secret=secret) is None
    assert [entry.action for entry in Entry.objects.all()] == ["token.revoked", "token.made"]


def test_a_form_that_is_wrong_makes_no_token(client, user):
    client.force_login(user)
    page = client.post("/you/tokens/", {"name": "x", "scope": "write", "days": "4000"})
    assert "4000 is not one of the available choices" in page.content.decode()
    assert not Token.objects.exists()


def test_the_token_of_somebody_else_is_not_there(client, user):
    secret = tokens.secret(user)
    client.force_login(person())
    assert "a program" not in client.get("/you/tokens/").content.decode()
    assert client.post(f"/you/tokens/{user.tokens.get().pk}/revoke/").status_code == 404
    assert services.recognise(secret=secret) is not None


def test_the_page_of_tokens_asks_to_sign_in(client):
    assert client.get("/you/tokens/").status_code == 302
