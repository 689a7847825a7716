import pytest

from fiducial.accounts.models import Membership, User
from fiducial.runs.models import Run
from tests.factories import lessons, people


@pytest.fixture
def run(db: None) -> Run:
    """A lesson that was accepted, in a lab whose member queued it."""
    return lessons.finished(*lessons.pair())


@pytest.fixture
def owner(run: Run) -> User:
    made = people.person()
    Membership.objects.create(lab=run.measurement.project.lab, user=made, role="owner")
    return made
