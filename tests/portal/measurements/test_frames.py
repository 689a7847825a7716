"""A scan of diffraction frames, from its files to the page of its measurement."""

import json

import numpy as np
import pytest
from django.urls import reverse

from fiducial.measurements import tasks
from fiducial.measurements.frame_forms import FrameCorrectionForm
from tests.factories import measurements, scan_files, scans
from workers.volume import Volume

pytestmark = pytest.mark.django_db


def page_of(client, member, measurement) -> str:
    client.force_login(member)
    answer = client.get(measurement.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_of_a_scan_says_what_was_measured_and_in_which_convention(client, member, project):
    shown = page_of(client, member, measurements.ready(project, member, scans.scan()))
    assert "196 frames of 32 × 32 pixels" in shown
    assert "Where the beam stood" in shown
    assert "Audit windows" not in shown
    assert "Compare estimators" not in shown
    assert "Teach a network" not in shown


def test_page_of_a_rocking_curve_draws_its_counts(client, member, project):
    frames = np.random.default_rng(0).poisson(3, (20, 24, 24)).astype(np.uint16)
    volume = Volume(frames, provenance={"format": "TIFF", "files": [], "open": []})
    shown = page_of(client, member, measurements.ready(project, member, volume))
    assert "20 frames of 24 × 24 pixels" in shown
    assert "Counts while the crystal turned" in shown


def test_lists_show_a_scan_by_its_mean_frame(client, member, project):
    measurement = measurements.ready(project, member, scans.scan())
    client.force_login(member)
    shown = client.get(project.get_absolute_url()).content.decode()
    picture = reverse("measurements:thumbnail", args=[measurement.pk, 1, "measured", 0])
    assert picture in shown
    assert "196 diffraction frames" in shown
    assert client.get(picture)["Content-Type"] == "image/png"


def test_one_frame_is_drawn_on_a_logarithmic_scale_about_zero_frequency(client, member, project):
    scan = scans.scan()
    measurement = measurements.ready(project, member, scan)
    client.force_login(member)
    answer = client.get(reverse("measurements:frame", args=[measurement.pk, 1, 7]))
    [heat] = json.loads(answer.content)["data"]
    middle = np.asarray(heat["z"])[16, 16]
    assert (heat["x0"], heat["y0"], heat["dx"]) == (-16, -16, 1)
    assert 10**middle == pytest.approx(scan.frames[7, 0, 0], rel=0.01)
    assert "logarithmic" in heat["colorbar"]["title"]["text"]


def test_frame_that_is_not_there_is_not_found(client, member, project):
    measurement = measurements.ready(project, member, scans.scan())
    client.force_login(member)
    for number in (196, 10**9):
        answer = client.get(reverse("measurements:frame", args=[measurement.pk, 1, number]))
        assert answer.status_code == 404


def test_form_of_a_scan_keeps_what_was_answered(member, project):
    measurement = measurements.ready(project, member, scans.scan())
    form = FrameCorrectionForm(
        measurement, {"content": "scan", "axes": "swapped", "turned_deg": "0", "zero": ""}
    )
    assert form.is_valid(), form.errors
    assert form.answers() == {"content": "scan", "axes": "swapped", "turned_deg": 0.0}
    measurement.answers = form.answers()
    assert FrameCorrectionForm(measurement)["axes"].value() == "swapped"


def test_unknown_unit_waits_for_an_answer_on_the_page(client, member, project, tmp_path):
    [path] = scan_files.mat_5(tmp_path)
    measurement = measurements.quarantined(project, {"scan.mat": path.read_bytes()}, member)
    tasks.ingest()
    measurement.refresh_from_db()
    assert measurement.state == "attention"
    shown = page_of(client, member, measurement)
    assert "does not say in which unit its places are" in shown
    address = reverse("measurements:measurement-correct", args=[measurement.pk])
    client.post(address, {"content": "scan", "position_unit": "px"})
    tasks.ingest()
    measurement.refresh_from_db()
    assert measurement.state == "ready"
    assert "as a person says" in page_of(client, member, measurement)
