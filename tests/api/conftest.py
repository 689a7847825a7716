import pytest
from django.test import Client

from fiducial.measurements.models import Measurement
from tests.factories import measurements, people


@pytest.fixture
def measurement(db: None) -> Measurement:
    """A measurement that is ready, in a lab with a member who uploaded it."""
    member = people.person()
    return measurements.ready(measurements.project(people.lab(member=member)), member)


@pytest.fixture
def member(client: Client, measurement: Measurement) -> Client:
    """The browser session of that member."""
    client.force_login(measurement.uploaded_by)
    return client
