"""Where the client finds its portal, what it keeps secret, and how it fails."""

import io
import socket
import stat

import pytest

from fiducial_client import Access, Client, NoAccess, Refused, Unreachable, cli, config, transport
from tests.factories import tokens


@pytest.fixture(autouse=True)
def nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("FIDUCIAL_URL", raising=False)
    monkeypatch.delenv("FIDUCIAL_TOKEN", raising=False)


def test_login_tries_the_token_and_keeps_it_for_its_owner(live_server, member, monkeypatch, capsys):
    secret = tokens.secret(member)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
    assert cli.main(["login", live_server.url]) == 0
    assert stat.S_IMODE(config.path().stat().st_mode) == 0o600
    assert config.access() == Access(live_server.url, secret)
    assert secret not in "".join(capsys.readouterr())
    assert secret not in repr(config.access())


def test_a_wrong_token_is_not_kept(live_server, transactional_db, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("fid_wrong\n"))
    assert cli.main(["login", live_server.url]) == 5
    assert "This token is not known here" in capsys.readouterr().err
    assert not config.path().exists()


def test_the_environment_goes_before_the_file(monkeypatch):
    config.save(Access("https://a.example", "fid_a"))
    assert config.access() == Access("https://a.example", "fid_a")
    monkeypatch.setenv("FIDUCIAL_TOKEN", "fid_b")
    assert config.access() == Access("https://a.example", "fid_b")
    monkeypatch.setenv("FIDUCIAL_URL", "https://b.example")
    assert config.access() == Access("https://b.example", "fid_b")


def test_a_saved_token_is_never_sent_to_another_portal():
    config.save(Access("https://a.example", "fid_a"))
    with pytest.raises(NoAccess, match="No portal is known"):
        config.access("https://b.example")


def test_a_file_that_others_may_read_is_refused(capsys):
    config.save(Access("https://a.example", "fid_a")).chmod(0o644)
    assert cli.main(["watch", "x"]) == 5
    assert "chmod 600" in capsys.readouterr().err.replace("\n", " ")


def test_a_file_that_is_damaged_is_refused():
    config.save(Access("https://a.example", "fid_a"))
    config.path().write_text("url =")
    with pytest.raises(NoAccess, match="cannot be read"):
        config.access()


@pytest.mark.parametrize("url", ["http://portal.example", "ftp://portal.example", "portal"])
def test_a_token_goes_nowhere_in_the_clear(url):
    with pytest.raises(NoAccess):
        Access(url, "fid_a")


def test_without_any_access_the_command_says_what_to_do(capsys):
    assert cli.main(["watch", "x"]) == 5
    assert "fiducial login" in capsys.readouterr().err


def test_a_portal_that_is_away_is_told_after_some_patience(monkeypatch, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(transport, "WAITS_SECONDS", (0.01, 0.01))
    away = Access(f"http://127.0.0.1:{port}", "fid_a")
    with Client(away) as portal, pytest.raises(Unreachable, match=r"127\.0\.0\.1 does not answer"):
        portal.run("x")
    config.save(away)
    assert cli.main(["watch", "x"]) == 4


def test_who_is_told_to_slow_down_does(live_server, member, settings, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(transport, "sleep", waited.append)
    settings.API_PER_MINUTE = 1
    with Client(Access(live_server.url, tokens.secret(member))) as portal:
        list(portal.projects())
        with pytest.raises(Refused, match="You asked more than 1 times within a minute"):
            [list(portal.projects()) for _ in range(2)]
    assert len(waited) == len(transport.WAITS_SECONDS)
    assert all(1 <= seconds <= 60 for seconds in waited)
