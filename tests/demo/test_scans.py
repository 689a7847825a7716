import numpy as np
import pytest
from django.conf import settings

from fiducial.demo import scans, specimen
from fiducial.measurements import folders
from tests.factories import measurements, people
from workers import readers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("scan", "finer"), [(scans.FINE, 1), (scans.COARSE, specimen.FACTOR)])
def test_both_scans_bring_the_whole_electron_image(scan: scans.Scan, finer: int) -> None:
    member = people.person()
    project = measurements.project(people.lab(member=member))

    uploaded = scans.upload(scan, project, member)

    paths = sorted((settings.HOME / "demo" / scan.key).glob("*.tif"))
    assert {path.name for path in paths} == {file.name for file in uploaded.files.all()}
    measurement = readers.read(paths, scan.corrections)
    assert measurement.guide_factor == finer
    np.testing.assert_array_equal(measurement.guide, specimen.read()[1])
    arrived = [folders.arrived_file(file) for file in uploaded.files.all()]
    assert all(path.exists() for path in arrived)
