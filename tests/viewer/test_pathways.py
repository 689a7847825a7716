"""The page of a run on units of a movie, its figures and its table."""

import csv
import io
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from fiducial.viewer import pathways, stores, unit_figures
from tests.factories.movies import FLIPS, finished_units
from tests.factories.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(settings: Settings, tmp_path: Path) -> User:
    settings.STORE = tmp_path / "store"
    return person()


@pytest.fixture
def run(member: User, client: Client) -> Run:
    client.force_login(member)
    return finished_units(member)


def test_the_page_says_states_changes_and_rates(client: Client, run: Run) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    frames = ", ".join(str(flip + 1) for flip in FLIPS)
    assert f"2 states, 3 changes, at frame {frames} (2 of 2 networks agree)." in page
    assert "to 2: 2 seen" in page
    assert "The classical descriptor, without any learning, finds the same changes." in page
    for word in ("arc", "landscape", "extrapolated", "rate", "latent"):
        assert f'popovertarget="define-{word}' in page


def test_figures_have_axes_units_and_a_colour_bar(run: Run) -> None:
    store = stores.of_run(run)
    plane = unit_figures.plane(store)
    assert plane["data"][0]["colorbar"]["title"]["text"] == "F (nats)"
    assert {trace["name"] for trace in plane["data"][1:]} >= {"state 1", "state 2", "extrapolated"}
    time = unit_figures.through_time(store)
    assert time["layout"]["yaxis"]["title"]["text"] == "angle (°, modulo 120°)"
    assert [line["x0"] for line in time["layout"]["shapes"]] == [flip + 0.5 for flip in FLIPS]
    assert len(unit_figures.latents(store)["data"]) == 3
    strip = unit_figures.strip(store)
    assert strip is not None
    assert any(word["text"] == "?" for word in strip["layout"]["annotations"])


def test_a_unit_and_a_frame_are_fetched_and_others_are_missing(client: Client, run: Run) -> None:
    card = client.get(f"/runs/{run.pk}/unit/3").json()
    assert card["words"].startswith("Frame 4, at x ")
    assert "explained within its noise" in card["words"]
    frame = client.get(f"/runs/{run.pk}/frame/0").json()
    assert frame["data"][1]["marker"]["cmax"] == 60
    for address in ("unit/40", "frame/40"):
        assert client.get(f"/runs/{run.pk}/{address}").status_code == 404


def test_all_units_leave_as_a_table(client: Client, run: Run) -> None:
    answer = client.get(f"/runs/{run.pk}/units.csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="trimer-')
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert len(rows) == 40
    assert rows[0]["frame"] == "1"
    assert {"x_px", "angle_deg", "arc90_half_deg", "z1", "z1_sd", "state"} <= set(rows[0])


def test_pages_around_it_know_what_a_movie_is(client: Client, run: Run) -> None:
    about = client.get(f"/measurements/{run.measurement.pk}/").content.decode()
    assert "Frame by frame" in about
    assert "audit window" not in about.lower()
    form = client.get(f"/measurements/{run.measurement.pk}/run/").content.decode()
    assert "Finds structural units in every frame" in form
    assert "Ensemble posterior" not in form
    wrong = client.get(f"/measurements/{run.measurement.pk}/run/?recipe=xray-ensemble")
    assert wrong.status_code == 404
    assert client.get(f"/measurements/{run.measurement.pk}/compare/").status_code == 200


def test_it_can_be_frozen_from_its_page(client: Client, run: Run) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert f'action="/runs/{run.pk}/freeze/"' in page
    assert 'placeholder="Trimer, its units"' in page
    answer = client.post(f"/runs/{run.pk}/freeze/", follow=True)
    assert "Verified just now" in answer.content.decode()
    assert "Version 1: Trimer, its units" in client.get(f"/runs/{run.pk}/").content.decode()


def test_a_stranger_sees_nothing(run: Run) -> None:
    stranger = Client()
    stranger.force_login(person())
    for address in ("", "unit/0", "frame/0", "units.csv"):
        assert stranger.get(f"/runs/{run.pk}/{address}").status_code == 404


def test_a_run_of_maps_has_no_units(run: Run, client: Client) -> None:
    Run.objects.filter(pk=run.pk).update(recipe="xray-ensemble")
    assert client.get(f"/runs/{run.pk}/units.csv").status_code == 404
    assert pathways.RECIPE == "unit-pathways"


def test_places_show_their_state_in_the_frame_and_their_share_through_time(
    member: User, client: Client
) -> None:
    client.force_login(member)
    run = finished_units(member, "places")
    store = stores.of_run(run)
    time = unit_figures.through_time(store)
    assert time["layout"]["yaxis"]["title"]["text"] == "places in the state (%)"
    assert sum(trace["y"][0] for trace in time["data"]) == pytest.approx(100, abs=0.1)
    frame = client.get(f"/runs/{run.pk}/frame/1").json()
    states = [trace for trace in frame["data"] if trace.get("name", "").startswith("state")]
    assert len(states) == store.summary["states"]["count"]
    assert len({trace["marker"]["color"] for trace in states}) == len(states)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "Of all places, the share that is in each state." in page
    answer = client.post(f"/runs/{run.pk}/freeze/", follow=True).content.decode()
    assert "The share of places in each state against the frame" in answer


def test_the_page_says_what_latents_stand_for(run: Run, client: Client) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert 'popovertarget="define-rank' in page
    assert '<th scope="row">brightness</th>' in page
    tiles = unit_figures.tiles(stores.of_run(run))
    assert tiles["layout"]["xaxis"]["title"]["text"] == "along the change"
    shown = tiles["data"][0]["z"]
    assert len(shown) == len(shown[0]) == 7 * 24
    assert any(value is None for row in shown for value in row)
    assert any(value is not None for row in shown for value in row)
