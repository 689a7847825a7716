import pytest

from fiducial.measurements.models import Measurement
from tests.factories import measurements, people
from tests.recipes.toy import RECIPE
from workers.recipes.catalogue import RECIPES


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test recipe, known to this process as FIDUCIAL_RECIPES makes it known to workers."""
    monkeypatch.setitem(RECIPES, RECIPE.name, RECIPE)


@pytest.fixture
def measurement(db: None) -> Measurement:
    """A measurement that is ready, in a lab with a member who uploaded it."""
    member = people.person()
    return measurements.ready(measurements.project(people.lab(member=member)), member)
