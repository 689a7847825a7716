"""The page of a run on calorimeter events, its figures and its downloads."""

import csv
import io
import json
import zipfile

import h5py
import numpy as np
import pytest
from django.urls import reverse

from fiducial.viewer.cell_figures import Scale, display
from tests.factories import event_runs, measurements, runs
from tests.factories.people import lab, person
from workers.events import Cells
from workers.writers import event_columns

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(settings, tmp_path):
    settings.STORE = tmp_path / "store"
    member = person()
    return runs.of_events(measurements.project(lab(member=member)), member)


@pytest.fixture
def browser(client, run):
    client.force_login(run.submitted_by)
    return client


def fetched(browser, run, **asked):
    answer = browser.get(reverse("viewer:run-event", args=[run.pk]), asked)
    assert answer.status_code == 200
    return json.loads(answer.content)


def downloaded(browser, run, kind) -> bytes:
    answer = browser.get(reverse("viewer:run-events", args=[run.pk, kind]))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_page_says_what_was_found_and_lists_every_event(browser, run):
    shown = browser.get(run.get_absolute_url()).content.decode()
    assert "particles stand out of the estimates" in shown
    assert "6 events, every cell divided into 4 × 4, 8 samples" in shown
    assert '"risk": [' in shown
    assert "Counted in four ways" in shown
    assert "Of the first 6 events, all four find the same number of particles in 2." in shown


def test_one_event_has_figures_words_and_its_particles(browser, run):
    event = fetched(browser, run, number=2)
    assert set(event["figures"]) == {
        *("measured", "prediction", "spread", "sums", "particles", "number")
    }
    assert (event["before"], event["after"]) == (1, 3)
    assert "most likely" in event["words"]
    assert event["steps"] == ["p0", "p1", "p2", "p3"]
    marks = event["figures"]["particles"]["data"][-1]
    assert len(marks["x"]) == len(event["particles"]) > 0
    risks = [each["risk"] for each in event["particles"]]
    assert risks == sorted(risks)
    assert sum(event["figures"]["number"]["data"][0]["y"]) == pytest.approx(1, abs=1e-3)


def test_event_that_is_not_known_says_first_that_nothing_is_claimed(browser, run):
    assert fetched(browser, run, number=1)["words"].startswith("Nothing is claimed")


def test_a_sample_and_a_step_are_drawn_alone(browser, run):
    sample, other, step = (
        fetched(browser, run, number=0, shown=name)["figure"] for name in ("s0", "s7", "p1")
    )
    assert sample["data"][0]["x"]
    assert sample != other != step


def test_the_truth_is_drawn_where_the_files_hold_it(browser, run):
    assert '"truth": true' in browser.get(run.get_absolute_url()).content.decode()
    told = [
        [float(mev) for trace in figure["data"] for mev in trace.get("text", ())]
        for figure in (
            fetched(browser, run, number=0, shown="truth")["figure"],
            fetched(browser, run, number=0)["figures"]["prediction"],
        )
    ]
    assert np.corrcoef(told)[0, 1] > 0.8


@pytest.mark.parametrize(
    "asked", [{"number": 9}, {"number": "x"}, {"shown": "s8"}, {"shown": "q"}, {"shown": "p9"}]
)
def test_what_is_not_there_is_not_found(browser, run, asked):
    assert browser.get(reverse("viewer:run-event", args=[run.pk]), asked).status_code == 404


def test_tables_and_file_are_keyed_by_the_number_of_the_event(browser, run, tmp_path):
    rows = list(csv.DictReader(io.StringIO(downloaded(browser, run, "events").decode())))
    assert [row["event"] for row in rows] == [str(k) for k in range(6)]
    assert sum(float(rows[3][f"p{n}"]) for n in range(1, 6)) == pytest.approx(1, abs=1e-4)
    assert [(row["by_fit"], row["by_head"]) for row in rows[:5]] == [
        ("0", "0"), ("1", "1"), ("2", "2"), ("3", "3"), ("0", "4"),
    ]  # fmt: skip
    particles = list(csv.DictReader(io.StringIO(downloaded(browser, run, "particles").decode())))
    assert len(particles) == sum(int(row["particles"]) for row in rows)
    cells = downloaded(browser, run, "cells").decode().splitlines()
    assert cells[0] == "event,cell,mean_mev,sd_mev,lower_mev,upper_mev"
    (tmp_path / "e.h5").write_bytes(downloaded(browser, run, "file"))
    with h5py.File(tmp_path / "e.h5") as file:
        assert file["samples"].shape[1] == event_runs.SAMPLES
    missing = browser.get(reverse("viewer:run-events", args=[run.pk, "other"]))
    assert missing.status_code == 404


def test_root_and_parquet_are_offered_and_hold_the_same_events(browser, run, tmp_path):
    uproot, parquet = (pytest.importorskip(name) for name in ("uproot", "pyarrow.parquet"))
    shown = browser.get(run.get_absolute_url()).content.decode()
    assert "friend tree (ROOT)" in shown
    assert "pip install" not in shown
    (tmp_path / "e.root").write_bytes(downloaded(browser, run, "root"))
    with uproot.open(tmp_path / "e.root") as file:
        assert file["fiducial"]["event"].array().tolist() == list(range(6))
    with zipfile.ZipFile(io.BytesIO(downloaded(browser, run, "parquet"))) as file:
        assert file.namelist() == ["cells.parquet", "number.parquet", "particles.parquet"]
        number = parquet.read_table(io.BytesIO(file.read("number.parquet")))
    assert number.column("event").to_pylist() == list(range(6))


def test_without_their_libraries_the_page_says_how_to_get_root_and_parquet(
    client, settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(event_columns, "LIBRARIES", ("a_library_nobody_has",))
    settings.STORE = tmp_path / "store"
    member = person()
    run = runs.of_events(measurements.project(lab(member=member)), member)
    client.force_login(member)
    shown = client.get(run.get_absolute_url()).content.decode()
    assert "pip install 'fiducial[events]'" in shown
    assert "(ROOT)" not in shown
    assert downloaded(client, run, "file")
    missing = client.get(reverse("viewer:run-events", args=[run.pk, "root"]))
    assert missing.status_code == 404


def test_a_cell_is_drawn_in_its_size_and_its_colour():
    ones = np.ones(2, np.float32)
    cells = Cells(np.array([0, 1], np.int32), 10 * ones, -5 * ones, 4 * ones, 2 * ones)
    figure = display(cells, np.array([1.0, 1000.0]), "plane", Scale("MeV", 1, 1000))
    faint, _, bright, _ = figure["data"]
    assert faint["x"][:5] == [8, 12, 12, 8, 8]
    assert faint["y"][:5] == [-6, -6, -4, -4, -6]
    assert (faint["fillcolor"], bright["fillcolor"]) == ("#00224e", "#fee838")
    assert (faint["xaxis"], bright["xaxis"]) == ("x", "x2")
