"""The page of a run on a diffraction scan, its pictures, figures and table."""

import csv
import io
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from fiducial.viewer import scan_figures, scan_pictures, scans, stores
from tests.factories.diffraction_runs import FRAMES, finished_scan
from tests.factories.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(settings: Settings, tmp_path: Path, client: Client) -> User:
    settings.STORE = tmp_path / "store"
    found = person()
    client.force_login(found)
    return found


@pytest.fixture
def run(member: User) -> Run:
    return finished_scan(member)


def test_the_page_says_the_verdict_and_explains_its_numbers(client: Client, run: Run) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    for sentence in run.summary["verdict"]:
        assert escape(sentence) in page
    assert f"{run.summary['held_out']['ratio']:.2f} × noise" in page
    for word in ("half-bit", "left-out", "object-risk", "probe-mode", "next-place"):
        assert f'popovertarget="define-{word}' in page


def test_pictures_of_the_object_have_axes_units_and_a_colour_bar(client: Client, run: Run) -> None:
    titles = []
    for image in ("estimate", "std", "risk", "samples/7"):
        for channel in (0, 1):
            figure = client.get(f"/runs/{run.pk}/object/{image}/{channel}").json()
            assert figure["layout"]["xaxis"]["title"]["text"] == "column (nm)"
            assert figure["layout"]["images"][0]["source"].startswith("data:image/png;base64,")
            marker = figure["data"][0]["marker"]
            assert marker["cmin"] < marker["cmax"]
            titles.append(marker["colorbar"]["title"]["text"])
    assert "amplitude (transmission)" in titles
    assert "standard deviation of the phase (rad)" in titles
    height = stores.of_run(run).shape[0]
    assert figure["layout"]["yaxis"]["range"] == [10 * height - 5, -5]


@pytest.mark.parametrize("address", ["object/estimate/2", "object/samples/8/0", "object/mask/0"])
def test_a_picture_that_is_not_there_is_not_found(client: Client, run: Run, address: str) -> None:
    assert client.get(f"/runs/{run.pk}/{address}").status_code == 404


def test_a_phase_beyond_half_a_turn_gets_colours_that_close_up(run: Run) -> None:
    store = stores.of_run(run)
    weak = scan_pictures.paint_of(store, "estimate", 1)
    assert (weak.palette, weak.title) == ("cividis", "phase (rad)")
    ends = scan_pictures.Paint("cyclic", -math.pi, math.pi, "phase (rad)")
    around = ends.rgba(np.array([[-math.pi, math.pi]]), np.ones((1, 2), bool))
    np.testing.assert_array_equal(around[0, 0], around[0, 1])


def test_what_is_not_lit_is_clear(run: Run) -> None:
    store = stores.of_run(run)
    picture, _ = scan_pictures.painted(store, "estimate", 0)
    np.testing.assert_array_equal(picture[..., 3] > 0, scan_pictures.lit(store))


def test_figures_say_what_was_told_used_and_left_out(run: Run) -> None:
    store = stores.of_run(run)
    places = scan_figures.places(store)
    assert [trace["name"] for trace in places["data"]] == ["as used", "as told", "to scan next"]
    assert len(places["data"][2]["x"]) == 12
    used, held = scan_figures.by_frame(store)["data"]
    assert len(held["x"]) == run.summary["held_out"]["frames"]
    assert len(used["x"]) + len(held["x"]) == FRAMES
    rings = scan_figures.rings(store)
    assert rings["layout"]["xaxis"]["title"]["text"] == "frequency (1/nm)"
    [line] = rings["layout"]["shapes"]
    assert 1 / line["x0"] == pytest.approx(10 * run.summary["resolution"]["period_px"])


def test_frames_lie_on_a_latent_map(client: Client, run: Run) -> None:
    latent = scan_figures.latent(stores.of_run(run))
    assert latent is not None
    assert len(latent["data"][0]["x"]) == FRAMES
    assert latent["layout"]["xaxis"]["title"]["text"] == "first component (no unit)"
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert 'popovertarget="define-latent-map' in page


def test_lengths_stay_in_pixels_where_the_pixel_is_not_known(client: Client, member: User) -> None:
    run = finished_scan(member, pixel_nm=None)
    figure = client.get(f"/runs/{run.pk}/object/estimate/0").json()
    assert figure["layout"]["xaxis"]["title"]["text"] == "column (pixels)"
    assert scans.period(run.summary).endswith(" pixels")


def test_halves_that_agree_on_nothing_are_said_to(client: Client, member: User) -> None:
    run = finished_scan(member, resolution={"period_px": None})
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "here the halves agree on no detail" in page
    assert "shapes" not in scan_figures.rings(stores.of_run(run))["layout"]


def test_all_frames_leave_as_a_table(client: Client, run: Run) -> None:
    answer = client.get(f"/runs/{run.pk}/frames.csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="bubbles-')
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == FRAMES
    assert {"index", "row_px", "used_column_px", "ratio", "held"} <= set(rows[0])
    again = client.get(f"/api/v1/runs/{run.pk}/downloads/frames")
    assert again.status_code == 200


def test_what_is_made_for_maps_does_not_break_on_it(client: Client, run: Run) -> None:
    for address in ("figure/agreement", "profile?channel=0&from=1,2&to=9,9", "phases.png"):
        assert client.get(f"/runs/{run.pk}/{address}").status_code == 404, address
    assert client.get(f"/runs/{run.pk}/answers.csv").status_code == 404
    assert client.get(f"/runs/{run.pk}/frame/0").status_code == 404
    for kind in ("text", "tiff", "provenance"):
        answer = client.get(f"/runs/{run.pk}/download/{kind}")
        assert len(b"".join(answer.streaming_content)) > 100, kind
    assert client.get(f"/measurements/{run.measurement.pk}/compare/").status_code == 200
    page = client.get(f"/measurements/{run.measurement.pk}/").content.decode()
    assert "audit window" not in page.lower()
    assert client.get(f"/runs/{run.pk}/features").status_code == 200


def test_a_stranger_sees_nothing(run: Run) -> None:
    stranger = Client()
    stranger.force_login(person())
    for address in ("", "object/estimate/0", "frames.csv"):
        assert stranger.get(f"/runs/{run.pk}/{address}").status_code == 404


def test_the_words_in_a_download_are_those_of_an_object_not_of_a_map(
    client: Client, run: Run
) -> None:
    answer = client.get(reverse("viewer:run-download", args=[run.pk, "tiff"]))
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as packed:
        words = packed.read("README.md").decode()
        assert {"estimate/amplitude.tif", "sigma/phase.tif"} <= set(packed.namelist())
    assert "in radians" in words
    assert "learned prior" not in words
