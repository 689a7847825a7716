"""One S3 server for the session; every test has a store of its own in its bucket."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.factories.objects import ObjectServer, object_server
from workers.store import ObjectPlace
from workers.store.objects import client_of


@pytest.fixture(scope="session")
def server() -> Iterator[ObjectServer]:
    with object_server() as started:
        yield started


@pytest.fixture
def place(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectPlace]:
    """An empty store that this process can reach."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    client_of.cache_clear()
    yield ObjectPlace.of(server.new_store())
    server.line.mend()
    client_of.cache_clear()


@pytest.fixture
def store(place: ObjectPlace, settings: Settings, tmp_path) -> ObjectPlace:
    """The portal of this process keeps its arrays there."""
    settings.OBJECTS, settings.STORE = str(place), tmp_path / "store"
    settings.OBJECTS_PATIENCE_SECONDS = 20.0
    return place
