"""Sessions are remembered beside the database, and nobody is locked out while Redis is away."""

import socket
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from fiducial.accounts.remembered import SECONDS, Forgiving
from tests.factories import people


@pytest.fixture
def nowhere() -> str:
    """An address at which no Redis answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


@pytest.fixture
def away(nowhere: str) -> Forgiving:
    """A cache whose Redis does not answer."""
    return Forgiving(nowhere, {})


@pytest.fixture
def remembered_nowhere(nowhere: str, settings) -> Iterator[None]:
    """Sessions as a facility has them, while its Redis is away."""
    sessions = {"BACKEND": "fiducial.accounts.remembered.Forgiving", "LOCATION": nowhere}
    settings.CACHES = settings.CACHES | {"sessions": sessions}
    settings.SESSION_CACHE_ALIAS = "sessions"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    yield
    caches.close_all()


@pytest.mark.django_db
def test_people_stay_signed_in_and_sign_out_while_redis_is_away(remembered_nowhere) -> None:
    browser = Client()
    browser.force_login(people.person())
    assert browser.get("/projects/").status_code == 200
    browser.logout()
    assert browser.get("/projects/").status_code == 302


def test_while_redis_is_away_nothing_is_known_and_nothing_breaks(away: Forgiving) -> None:
    away.set("session", {"user": 1})
    assert away.get("session") is None
    assert away.delete("session") is False


def test_a_session_is_kept_for_a_minute_at_most() -> None:
    if not settings.BROKER_URL:
        return  # the embedded portal has no Redis to remember anything in
    kept = Forgiving(settings.BROKER_URL, {})
    kept.set("session", {"user": 1}, timeout=1_209_600)
    assert kept.get("session") == {"user": 1}
    client = kept._cache.get_client()
    assert 0 < client.ttl(kept.make_key("session")) <= SECONDS
    assert kept.delete("session") is True
    assert kept.get("session") is None
