"""Windows are drawn by the portal, once, before anybody has seen a result."""

import csv
import io

import numpy as np
import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.audits import services, sweeping
from fiducial.audits.models import Placement
from fiducial.errors import Refused
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement, Project
from fiducial.runs.models import Run
from tests.factories import audits, measurements, runs
from tests.factories.people import lab, person
from workers.store import write_measurement

pytestmark = pytest.mark.django_db


@pytest.fixture
def measured(project: Project, member: User) -> Measurement:
    return audits.large_map(project, member)


def revise(measurement: Measurement, mask: np.ndarray) -> None:
    """The next revision of a map, with another mask."""
    shape = measurement.summary["shape"]
    content = measurements.counts(shape=tuple(shape), seed=7)
    content.mask[:] = mask
    measurement.revision += 1
    write_measurement(folders.revision(measurement.pk, measurement.revision), content)
    measurement.save()


def test_a_sweep_draws_windows_for_every_map_and_never_again(measured: Measurement) -> None:
    sweeping.sweep()
    placement = Placement.objects.get()
    assert placement.measurement == measured
    assert placement.blind
    assert len(placement.windows) >= 16
    sweeping.sweep()
    assert Placement.objects.get().windows == placement.windows
    assert services.draw(measurement=measured) == placement


def test_seed_and_places_belong_together(measured: Measurement) -> None:
    from workers.assessment.audit import windows

    placement = audits.drawn(measured)
    again = windows.draw(np.ones(measured.summary["shape"], bool), placement.seed)
    assert placement.places == list(again)


def test_reading_files_again_is_no_way_of_drawing_again(measured: Measurement) -> None:
    placement = audits.drawn(measured)
    revise(measured, np.ones((64, 72), bool))
    sweeping.sweep()
    assert Placement.objects.get().windows == placement.windows
    assert Placement.objects.get().revision == 2

    holes = np.ones((64, 72), bool)
    holes[placement.places[0].part()] = False
    revise(measured, holes)
    sweeping.sweep()
    assert Placement.objects.count() == 2


def test_windows_drawn_after_a_result_say_so(measured: Measurement) -> None:
    runs.run(measured, state="succeeded")
    assert not audits.drawn(measured).blind


def test_a_small_map_gets_a_sentence_instead(
    project: Project, member: User, browser: Client
) -> None:
    small = measurements.ready(project, member)
    sweeping.sweep()
    assert Placement.objects.get().windows == []
    assert "too small for audit windows" in browser.get(small.get_absolute_url()).content.decode()


def test_a_movie_is_offered_no_windows(measured: Measurement, browser: Client) -> None:
    """Also where it was taken for a map before, and windows were drawn."""
    before = audits.drawn(measured)
    measured.summary["content"] = "movie"
    measured.revision += 1
    measured.save()
    sweeping.sweep()
    assert list(Placement.objects.all()) == [before]
    assert "audit" not in browser.get(measured.get_absolute_url()).content.decode().lower()
    for address in (
        f"/measurements/{measured.pk}/audit/",
        f"/measurements/{measured.pk}/audit/offer/",
        f"/audit-windows/{before.pk}/stage-list.csv",
    ):
        assert browser.get(address).status_code == 404, address
    listed = browser.get(f"/api/v1/measurements/{measured.pk}/audit-windows").json()
    assert listed["items"] == []


def test_a_run_of_a_movie_chooses_no_windows(project: Project, member: User) -> None:
    movie = runs.run(measurements.ready(project, member), recipe="unit-pathways", parameters={})
    Run.objects.filter(pk=movie.pk).update(state="succeeded", store_path="runs/x/1.zarr")
    movie.refresh_from_db()
    with pytest.raises(Refused, match="Only a map has audit windows"):
        services.choose(run=movie, user=member, count=4)


def test_page_of_the_map_offers_the_stage_list(browser: Client, measured: Measurement) -> None:
    before = browser.get(measured.get_absolute_url()).content.decode()
    assert "are being drawn at random" in before
    placement = audits.drawn(measured)
    after = browser.get(measured.get_absolute_url()).content.decode()
    assert f"/audit-windows/{placement.pk}/stage-list.csv" in after


def test_stage_list_says_where_each_window_lies(browser: Client, measured: Measurement) -> None:
    placement = audits.drawn(measured)
    answer = browser.get(f"/audit-windows/{placement.pk}/stage-list.csv?factor=4")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == len(placement.windows)
    window, row = placement.places[1], rows[1]
    assert row["window"] == "2"
    assert (rows[0]["use"], row["use"]) == ("calibrates", "audits")
    assert (int(row["row"]), int(row["column"])) == (4 * window.row, 4 * window.column)
    assert int(row["rows"]) == int(row["columns"]) == 4 * window.size
    assert float(row["x_um"]) == 2.0 * window.column
    assert float(row["step_um"]) == 0.5
    assert browser.get(f"/audit-windows/{placement.pk}/stage-list.csv?factor=3").status_code == 404


def test_windows_of_another_lab_are_not_there(measured: Measurement, client: Client) -> None:
    placement = audits.drawn(measured)
    lab(owner=(stranger := person()))
    client.force_login(stranger)
    for page in (
        f"/measurements/{measured.pk}/audit/",
        f"/measurements/{measured.pk}/audit/offer/",
        f"/audit-windows/{placement.pk}/stage-list.csv",
    ):
        assert client.get(page).status_code == 404


def test_page_shows_the_windows_and_what_to_do(browser: Client, measured: Measurement) -> None:
    placement = audits.drawn(measured)
    page = browser.get(f"/measurements/{measured.pk}/audit/").content.decode()
    assert page.count("<rect") == len(placement.windows)
    assert "before any run of this map had a result" in page
    assert str(placement.seed) in page
