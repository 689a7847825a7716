from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.measurements.models import Project
from tests.factories.measurements import project as make_project
from tests.factories.people import lab, person


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> Path:
    """Every test has a store of its own."""
    settings.STORE = tmp_path / "store"
    return settings.STORE


@pytest.fixture
def member(db: None) -> User:
    return person()


@pytest.fixture
def project(member: User) -> Project:
    return make_project(lab(member=member, owner=person()))


@pytest.fixture
def browser(member: User) -> Client:
    """A client in which the member is signed in."""
    client = Client()
    client.force_login(member)
    return client
