import json
import shutil
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement, Project
from fiducial.runs.models import Run
from tests.factories.measurements import counts, quarantined, ready, uploading
from workers.store import MeasurementStore

pytestmark = pytest.mark.django_db
State = Measurement.State


def test_page_shows_what_was_read(browser: Client, project: Project) -> None:
    made = ready(project, content=counts(("Si", "Fe", "Mg")))

    answer = browser.get(f"/measurements/{made.pk}/")

    page = answer.content.decode()
    assert "3 elements, 32 × 24 pixels, counts" in page
    assert "2 µm" in page
    assert "15 ms" in page
    config = answer.context["gallery"]
    assert [picture["name"] for picture in config["pictures"]] == ["Si", "Fe", "Mg"]
    assert config["shape"] == (24, 32)
    assert f"/measurements/{made.pk}/run/" in page


def test_page_shows_the_electron_image_beside_the_elements(
    browser: Client, project: Project
) -> None:
    content = counts()
    made = ready(project, content=replace(content, guide=content.values[0] / 3))

    answer = browser.get(f"/measurements/{made.pk}/")

    config = answer.context["gallery"]
    assert config["pictures"][-1]["name"] == "electron image"
    picture = browser.get(config["pictures"][-1]["thumbnail"])
    assert imagecodecs.png_decode(picture.content).shape == (24, 32, 4)
    assert "on the grid of the maps" in answer.content.decode()


def test_finer_electron_image_lies_on_the_maps_pixel_by_pixel(
    browser: Client, project: Project
) -> None:
    content = counts()
    mask = content.mask.copy()
    mask[:4] = False
    guide = np.random.default_rng(0).uniform(1, 99, (24 * 8, 32 * 8)).astype(np.float32)
    made = ready(project, content=replace(content, mask=mask, guide=guide))

    answer = browser.get(f"/measurements/{made.pk}/")

    config = answer.context["gallery"]
    assert config["shape"] == (24, 32)
    assert config["images"]["guide"] == {"shape": (192, 256), "levels": 1}
    assert "8 × finer than the maps, on each side" in answer.content.decode()
    picture = imagecodecs.png_decode(browser.get(config["pictures"][-1]["thumbnail"]).content)
    fine = mask.repeat(8, 0).repeat(8, 1)
    assert (picture[..., 3] > 0).tolist() == fine.tolist()


@pytest.mark.parametrize("finer", [3, 4])
def test_thumbnail_of_an_electron_image_with_coarser_levels_shows_its_whole_field(
    browser: Client, project: Project, finer: int
) -> None:
    content = counts(shape=(100, 130))
    mask = content.mask.copy()
    mask[:50] = False
    guide = np.ones((100 * finer, 130 * finer), np.float32)
    made = ready(project, content=replace(content, mask=mask, guide=guide))

    answer = browser.get(f"/measurements/{made.pk}/thumbnail/1/guide/0/")

    picture = imagecodecs.png_decode(answer.content)
    height, width = picture.shape[:2]
    assert max(height, width) <= 256
    assert height / width == pytest.approx(100 / 130, rel=0.01)
    assert (picture[..., 3] > 0).mean(1).tolist() == [0.0] * (height // 2) + [1.0] * (height // 2)


def test_page_says_what_to_do_about_each_problem(browser: Client, project: Project) -> None:
    made = ready(project)
    made.state = State.ATTENTION
    made.problems = [
        {"severity": "question", "where": "all files", "what": "No pixel size.", "do": "Give it."}
    ]
    made.save()

    page = browser.get(f"/measurements/{made.pk}/").content.decode()

    assert "No pixel size." in page
    assert "Give it." in page
    assert f"/measurements/{made.pk}/run/" not in page


def test_page_of_a_lost_store_says_so_and_lets_the_files_be_read_again(
    browser: Client, project: Project
) -> None:
    made = ready(project)
    shutil.rmtree(folders.revision(made.pk, 1))

    answer = browser.get(f"/measurements/{made.pk}/")

    page = answer.content.decode()
    assert answer.context["gallery"] is None
    assert "Read the files again, and tell the operator." in page
    assert "How the beam moved" in page


def test_progress_polls_until_a_final_state(browser: Client, project: Project) -> None:
    made = quarantined(project, {"Si.txt": b"1"})
    address = f"/measurements/{made.pk}/progress/"

    waiting = browser.get(address)
    Measurement.objects.update(state=State.INGESTING)
    reading = browser.get(address)
    Measurement.objects.update(state=State.REFUSED)
    final = browser.get(address)

    assert 'hx-trigger="load delay:2s"' in waiting.content.decode()
    assert "wait for the reader" in waiting.content.decode()
    assert "is reading the files" in reading.content.decode()
    assert (final.status_code, final["HX-Refresh"]) == (204, "true")


def test_thumbnail_is_clear_where_nothing_was_measured(browser: Client, project: Project) -> None:
    content = counts()
    mask = content.mask.copy()
    mask[:4] = False
    made = ready(project, content=replace(content, mask=mask, values=content.values * mask))

    answer = browser.get(f"/measurements/{made.pk}/thumbnail/1/measured/1/")

    picture = imagecodecs.png_decode(answer.content)
    assert answer["Content-Type"] == "image/png"
    assert "immutable" in answer["Cache-Control"]
    assert (picture[..., 3] > 0).tolist() == mask.tolist()


@pytest.mark.parametrize("rest", ["2/measured/0/", "1/measured/9/", "1/mask/0/", "1/guide/0/"])
def test_thumbnail_of_what_is_not_there_is_missing(
    browser: Client, project: Project, rest: str
) -> None:
    made = ready(project)

    assert browser.get(f"/measurements/{made.pk}/thumbnail/{rest}").status_code == 404


def test_histogram_counts_every_measured_pixel_once(browser: Client, project: Project) -> None:
    content = counts()
    mask = content.mask.copy()
    mask[:, :5] = False
    made = ready(project, content=replace(content, mask=mask, values=content.values * mask))

    figure = browser.get(f"/measurements/{made.pk}/histogram/1/0/").json()

    (bars,) = figure["data"]
    assert sum(bars["y"]) == mask.sum()
    values = content.values[0][mask]
    at = int(np.argmax(bars["y"]))
    low, high = bars["x"][at] - bars["width"][at] / 2, bars["x"][at] + bars["width"][at] / 2
    assert bars["y"][at] == ((values > low) & (values < high)).sum()
    assert figure["layout"]["xaxis"]["title"]["text"] == "Si (counts); last bar: and above"


def test_correction_has_the_files_read_again(
    browser: Client, project: Project, django_capture_on_commit_callbacks: object
) -> None:
    made = ready(project)
    made.summary["files"] = [
        {"name": "a.txt", "sha256": "", "channel": "Si"},
        {"name": "b.txt", "sha256": "", "channel": "Fe"},
    ]
    made.save()

    answer = browser.post(
        f"/measurements/{made.pk}/correct/",
        {"channel_0": "guide", "channel_1": "", "pixel_size_um": "4", "sampling": "line"},
    )

    made.refresh_from_db()
    assert answer["Location"] == f"/measurements/{made.pk}/"
    assert made.state == State.QUARANTINED
    assert made.answers == {
        "channels": {"a.txt": "guide"},
        "pixel_size_um": 4.0,
        "sampling": "line",
    }
    assert made.revision == 1
    assert MeasurementStore(folders.revision(made.pk, 1)).channels == ("Si", "Fe")


def test_correction_form_remembers_and_explains(browser: Client, project: Project) -> None:
    made = ready(project)
    made.answers = {"dwell_ms": 7.5}
    made.save()

    shown = browser.get(f"/measurements/{made.pk}/").context["form"]
    wrong = browser.post(f"/measurements/{made.pk}/correct/", {"pixel_size_um": "-3"})

    assert shown["dwell_ms"].value() == 7.5
    assert shown["pixel_size_um"].value() == 2.0
    assert wrong.status_code == 422
    assert "greater than or equal to" in wrong.content.decode()
    made.refresh_from_db()
    assert made.state == State.READY


def test_correction_waits_while_files_are_read(browser: Client, project: Project) -> None:
    made = ready(project)
    Measurement.objects.update(state=State.INGESTING)

    page = browser.post(f"/measurements/{made.pk}/correct/", {}, follow=True).content.decode()

    assert "is being read just now" in page


def test_delete_asks_and_then_removes_everything(
    browser: Client, project: Project, django_capture_on_commit_callbacks: object
) -> None:
    made = ready(project)

    question = browser.get(f"/measurements/{made.pk}/delete/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(f"/measurements/{made.pk}/delete/")

    assert "This cannot be undone" in question
    assert answer["Location"] == f"/projects/{project.pk}/"
    assert not Measurement.objects.exists()
    assert not folders.revisions(made.pk).exists()


def test_delete_spares_what_a_run_stands_on(
    browser: Client, project: Project, member: User
) -> None:
    made = ready(project)
    Run.objects.create(
        measurement=made, measurement_revision=1, recipe="xray-ensemble", submitted_by=member
    )

    page = browser.post(f"/measurements/{made.pk}/delete/", follow=True).content.decode()

    assert "is kept because 1 run stands on it" in page
    assert folders.revision(made.pk, 1).exists()


def test_unfinished_upload_can_be_discarded(
    browser: Client, project: Project, member: User
) -> None:
    made = uploading(project, member)

    browser.post(f"/measurements/{made.pk}/delete/")

    assert not Measurement.objects.exists()


def test_gallery_config_is_plain_json(browser: Client, project: Project) -> None:
    made = ready(project)

    config = browser.get(f"/measurements/{made.pk}/").context["gallery"]

    assert json.loads(json.dumps(config))["images"] == {
        "measured": {"shape": [24, 32], "levels": 1}
    }
