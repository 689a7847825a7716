"""A portal on loopback, and a client that knows a token of a member."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fiducial.accounts.models import User
from fiducial.measurements.models import Project
from fiducial_client import Access, Client, cli, client
from tests.factories import measurements, tokens
from tests.factories.people import lab, person
from tests.recipes.toy import RECIPE
from workers.recipes.catalogue import RECIPES

Ended = tuple[int, str, str]  # exit status, standard output, standard error


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test recipe; a client that does not wait long; nobody's own settings."""
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)
    monkeypatch.setattr(client, "POLL_SECONDS", 0.05)


@pytest.fixture
def member(transactional_db: None) -> User:
    return person()


@pytest.fixture
def project(member: User) -> Project:
    return measurements.project(lab(member=member), "Meteorites")


@pytest.fixture
def access(live_server, member: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Access:
    """What the environment of the command says, too."""
    known = Access(live_server.url, tokens.secret(member))
    monkeypatch.setenv("FIDUCIAL_URL", known.url)
    monkeypatch.setenv("FIDUCIAL_TOKEN", known.token)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return known


@pytest.fixture
def portal(access: Access) -> Iterator[Client]:
    with Client(access) as opened:
        yield opened


@pytest.fixture
def typed(access: Access, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Type a command; returns its exit status, what it printed, and what it told the person."""

    def run(*words: object) -> Ended:
        capsys.readouterr()
        status = cli.main([str(word) for word in words])
        printed, told = capsys.readouterr()
        return status, printed.strip(), told

    return run


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A folder with two element maps as an instrument writes them, some kilobytes each."""
    folder = tmp_path / "chondrule"
    folder.mkdir()
    content = measurements.counts(("Si", "Fe"), (40, 48))
    for element, values in zip(content.channels, content.values, strict=True):
        rows = ("\t".join(f"{value:.0f}" for value in row) for row in values)
        (folder / f"{element}.txt").write_text("\n".join(rows) + "\n")
    return folder
