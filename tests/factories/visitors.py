"""Who looks at a finished run in tests of its page and of its report: fixtures for both rooms."""

import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from tests.factories.finished_runs import finished_run
from tests.factories.people import person


@pytest.fixture
def member(db: None) -> User:
    return person()


@pytest.fixture
def run(member: User) -> Run:
    return finished_run(member)


@pytest.fixture
def client(member: User) -> Client:
    """A client in which the member of the run's lab is signed in."""
    client = Client()
    client.force_login(member)
    return client


@pytest.fixture
def stranger(db: None) -> Client:
    """A client in which somebody of no lab is signed in."""
    client = Client()
    client.force_login(person())
    return client
