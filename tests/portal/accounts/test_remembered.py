"""Sessions are remembered beside the database, and nobody is locked out while Redis is away."""

import socket

import pytest
from django.conf import settings

from fiducial.accounts.remembered import SECONDS, Forgiving


@pytest.fixture
def away() -> Forgiving:
    """A cache whose Redis does not answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Forgiving(f"redis://127.0.0.1:{port}/0", {})


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
