"""One seeded facility is the template; every test gets a copy of it to break."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.factories.facility import Facility, facility


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facility]:
    with facility(tmp_path_factory.mktemp("template")) as made:
        yield made


@pytest.fixture
def broken(tmp_path: Path, template: Facility) -> Iterator[Callable[..., Facility]]:
    """Makes facilities for one test; keyword arguments are environment variables."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(facility(tmp_path, template, **settings))
