"""A run that is not over shows what it has: the estimate first, then samples one by one."""

from collections.abc import Iterator

import imagecodecs
import numpy as np
import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.runs import folders
from fiducial.runs.models import Run
from tests.factories import measurements, people, runs
from workers import store


@pytest.fixture
def under_way(member: User) -> Run:
    return runs.running(measurements.ready(measurements.project(people.lab(member=member)), member))


@pytest.fixture
def writer(under_way: Run) -> Iterator[store.RunWriter]:
    with store.RunWriter(
        folders.output(under_way),
        channels=("Si", "Fe"),
        measured_shape=(6, 8),
        shape=(24, 32),
        samples=2,
        provenance={},
    ) as writing:
        yield writing


def picture(level: float) -> np.ndarray:
    return np.full((2, 24, 32), level, np.float32) * np.arange(1, 3)[:, None, None]


def test_nothing_is_shown_before_there_is_an_estimate(client: Client, under_way: Run) -> None:
    found = client.get(f"/runs/{under_way.pk}/preview").json()
    assert found == {"estimate": False, "samples": 0, "elements": []}
    assert "data-preview" in client.get(f"/runs/{under_way.pk}/").content.decode()


def test_a_run_that_has_just_ended_is_asked_for_nothing_more(client: Client, run: Run) -> None:
    assert client.get(f"/runs/{run.pk}/preview").json()["estimate"] is False


def test_estimate_and_samples_are_shown_as_they_arrive(
    client: Client, under_way: Run, writer: store.RunWriter
) -> None:
    writer.image("mask", np.ones((6, 8), np.uint8))
    writer.image("estimate", picture(5.0))
    found = client.get(f"/runs/{under_way.pk}/preview").json()
    assert (found["estimate"], found["samples"], found["wanted"]) == (True, 0, 2)
    assert [element["name"] for element in found["elements"]] == ["Si", "Fe"]
    writer.sample(0, picture(2.0))
    assert client.get(f"/runs/{under_way.pk}/preview").json()["samples"] == 1
    address = found["picture"].replace("{image}", "samples/0").replace("{channel}", "1")
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "image/png"
    assert imagecodecs.png_decode(answer.content).shape == (24, 32, 4)


@pytest.mark.parametrize("image", ["samples/1", "risk", "../estimate"])
def test_what_has_not_arrived_is_404(
    client: Client, under_way: Run, writer: store.RunWriter, image: str
) -> None:
    writer.image("mask", np.ones((6, 8), np.uint8))
    writer.image("estimate", picture(5.0))
    address = f"/runs/{under_way.pk}/preview/{under_way.token}/{image}/0.png"
    assert client.get(address).status_code == 404


def test_a_stranger_sees_nothing(stranger: Client, under_way: Run, writer: store.RunWriter) -> None:
    writer.image("mask", np.ones((6, 8), np.uint8))
    writer.image("estimate", picture(5.0))
    assert stranger.get(f"/runs/{under_way.pk}/preview").status_code == 404
    address = f"/runs/{under_way.pk}/preview/{under_way.token}/estimate/0.png"
    assert stranger.get(address).status_code == 404


def test_a_scan_shows_what_its_first_passes_found_before_there_is_an_estimate(
    client: Client, under_way: Run
) -> None:
    with store.RunWriter(
        folders.output(under_way),
        channels=("amplitude", "phase"),
        measured_shape=(6, 8),
        shape=(24, 32),
        samples=2,
        provenance={"recipe": "diffraction"},
    ) as writer:
        writer.image("first", picture(0.5))
        found = client.get(f"/runs/{under_way.pk}/preview").json()
        assert (found["estimate"], found["image"]) == (True, "first")
        assert [each["palette"] for each in found["elements"]] == ["cividis", "cyclic"]
        address = found["picture"].replace("{image}", "first").replace("{channel}", "1")
        png = imagecodecs.png_decode(client.get(address).content)
        assert (png[..., 3] == 255).all()  # where the light is enough is not known yet
        writer.image("mask", np.zeros((24, 32), np.uint8))
        writer.image("estimate", picture(1.0))
        assert client.get(f"/runs/{under_way.pk}/preview").json()["image"] == "estimate"
