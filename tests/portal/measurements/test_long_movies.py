"""Pages of movies: hundreds of frames are counted and sampled, not listed."""

import imagecodecs
import numpy as np
import pytest
from django.test import Client

from fiducial.measurements import parts
from fiducial.measurements.models import Measurement, Project
from tests.factories.measurements import ready
from workers.measurement import Measurement as Map

pytestmark = pytest.mark.django_db
FRAMES = 300


def movie(project: Project, files: list[dict[str, str]]) -> Measurement:
    """A movie of `FRAMES` small frames that were read from `files`."""
    values = np.random.default_rng(0).normal(size=(FRAMES, 8, 9)).astype(np.float32)
    channels = tuple(f"frame {n:03d}" for n in range(1, FRAMES + 1))
    content = Map(channels, values, np.ones((8, 9), bool), "intensity", content="movie")
    made = ready(project, content=content)
    made.summary["files"] = files
    made.save()
    return made


def stack() -> list[dict[str, str]]:
    return [
        {"name": f"run.tif#{n}", "sha256": "ab" * 32, "channel": "frame"}
        for n in range(1, FRAMES + 1)
    ]


def test_page_says_how_many_frames_there_are_and_shows_the_first(
    browser: Client, project: Project
) -> None:
    made = movie(project, stack())

    answer = browser.get(f"/measurements/{made.pk}/")

    page = answer.content.decode()
    assert "300 frames, 9 × 8 pixels" in page
    assert "The first 12 of 300 frames; a run looks at all of them." in page
    assert len(answer.context["gallery"]["pictures"]) == 12
    assert page.count("<td>frame ") == 12
    assert "frame 013" not in page
    assert page.count("ab" * 32) == 1  # one file, one hash


def test_frames_of_a_stack_are_asked_about_together(browser: Client, project: Project) -> None:
    made = movie(project, stack())
    form = browser.get(f"/measurements/{made.pk}/").context["form"]
    assert [field.label for field in form.channel_fields] == ["run.tif, 300 pictures"]

    browser.post(f"/measurements/{made.pk}/correct/", {"content": "movie", "channel_0": "skip"})

    made.refresh_from_db()
    assert made.answers["channels"] == {f"run.tif#{n}": "skip" for n in range(1, FRAMES + 1)}


def test_quantities_of_many_scans_are_asked_about_once_each(
    browser: Client, project: Project
) -> None:
    scans = [
        {"name": f"scan{n}.ibw/{quantity}", "sha256": f"{n:064d}", "channel": channel}
        for n in range(FRAMES)
        for quantity, channel in (("HeightRetrace", "skip"), ("PhaseRetrace", "frame"))
    ]
    form = browser.get(f"/measurements/{movie(project, scans).pk}/").context["form"]
    assert [field.label for field in form.channel_fields] == [
        "HeightRetrace, 300 pictures",
        "PhaseRetrace, 300 pictures",
    ]


def test_hundreds_of_files_are_not_asked_about_and_keep_what_was_said(
    browser: Client, project: Project
) -> None:
    files = [
        {"name": f"f{n}.tif", "sha256": f"{n:064d}", "channel": "frame"} for n in range(FRAMES)
    ]
    made = movie(project, files)
    made.answers = {"content": "movie", "channels": {"f7.tif": "skip"}}
    made.save()
    page = browser.get(f"/measurements/{made.pk}/").content.decode()
    assert "These are 300 pictures, too many to ask about each." in page

    browser.post(f"/measurements/{made.pk}/correct/", {"content": "movie", "pixel_size_um": "0.02"})

    made.refresh_from_db()
    assert made.answers["channels"] == {"f7.tif": "skip"}
    assert made.answers["pixel_size_um"] == 0.02


def test_numbers_of_frames_may_be_negative(browser: Client, project: Project) -> None:
    made = movie(project, stack())
    first = browser.get(f"/measurements/{made.pk}/").context["gallery"]["pictures"][0]
    assert first["low"] < -1 < 1 < first["high"]
    image = imagecodecs.png_decode(browser.get(first["thumbnail"]).content)
    assert len(np.unique(image[..., 0])) > 30  # not all of one colour below zero
    figure = browser.get(first["histogram"]).json()
    (bars,) = figure["data"]
    assert sum(bars["y"]) == 8 * 9
    assert bars["x"][0] < -1
    assert "bars at the ends: and beyond" in figure["layout"]["xaxis"]["title"]["text"]


def test_list_of_measurements_counts_frames(browser: Client, project: Project) -> None:
    movie(project, stack())
    page = browser.get(project.get_absolute_url()).content.decode()
    assert "300 frames · 9 × 8 pixels" in page
    assert "frame 013" not in page


def test_maps_are_asked_about_one_by_one() -> None:
    pages = [(f"maps.tif#{n}", "Si") for n in range(1, 65)]
    assert [part.label for part in parts.of(pages, movie=False)] == [name for name, _ in pages]
