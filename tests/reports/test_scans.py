"""A run on a diffraction scan becomes a report: its claims, its figures, its files."""

import csv
import io
import json
import re

import pytest
from django.utils.html import escape

from fiducial.accounts.models import User
from fiducial.reports import scan_claims, services
from fiducial.reports.models import Report
from fiducial.review import details
from fiducial.runs.models import Run
from fiducial.viewer import stores
from tests.factories.diffraction_runs import FRAMES, finished_scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(member: User) -> Run:
    return finished_scan(member)


@pytest.fixture
def report(run: Run, member: User) -> Report:
    return services.freeze(run=run, by=member)


def page_of(report: Report) -> str:
    return (services.folder(report) / "report.html").read_text()


def test_report_says_what_the_page_of_the_run_says(report: Report, run: Run) -> None:
    text = page_of(report)
    assert report.title == "Bubbles, its object"
    for sentence in run.summary["verdict"]:
        assert escape(sentence) in text
    for heading in (
        *("What this report guarantees", "What it does not cover", "What can be believed"),
        *("The worst failure", "Uncertainty and risk", "The probe", "Methods", "Raw data"),
    ):
        assert re.search(rf"<h[23]>{heading}</h[23]>", text), heading
    assert "None of them was calibrated on measured objects" in text
    assert "<script" not in text


def test_figures_say_what_their_axes_are(report: Report) -> None:
    text = page_of(report)
    for title in (
        *("column (nm)", "row (nm)", "frequency (1/nm)", "correlation of rings"),
        *("frame of the scan", "deviance ÷ that of noise", "misfit R"),
    ):
        assert f">{title}</text>" in text, title
    assert text.count('class="ramp aside"') >= 8


def test_words_of_the_report_are_explained_inside_it(report: Report) -> None:
    text = page_of(report)
    links = set(re.findall(r'class="define" href="#([^"]+)"', text))
    assert {"define-half-bit", "define-left-out", "define-object-feature-risk"} <= links
    assert links <= set(re.findall(r'id="([^"]+)"', text))


def test_claims_frames_and_features_are_sealed_beside_the_page(report: Report) -> None:
    folder = services.folder(report)
    claims = json.loads((folder / "claims.json").read_text())
    assert [claim["about"] for claim in claims] == [
        *("resolution", "model", "places", "features of amplitude", "features of phase"),
    ]
    assert len(list(csv.DictReader(io.StringIO((folder / "frames.csv").read_text())))) == FRAMES
    assert (folder / "features.csv").read_text().startswith("channel,row_px")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {"claims.json", "frames.csv", "features.csv"} <= set(manifest["files"])


def test_a_reviewer_reads_its_claims_and_methods(report: Report) -> None:
    found = details.of(report)
    assert all(detail.claim is None for detail in found)
    assert len(details.claimed(found)) <= details.MOST
    assert f"{FRAMES} diffraction frames" in details.methods(report)


def standing(member: User, **of_summary: object) -> dict[str, bool]:
    store = stores.of_run(finished_scan(member, **of_summary))
    return {claim.about: claim.stands for claim in scan_claims.of_run(store)}


def test_a_model_that_misses_frames_left_out_carries_no_feature(member: User) -> None:
    known = standing(member, held_out={"frames": 10, "ratio": 1.1})
    assert known["model"]
    assert not known["places"]
    missed = standing(member, held_out={"frames": 10, "ratio": 2.4})
    assert not missed["model"]
    assert not missed["features of amplitude"]
    assert not missed["features of phase"]


def test_halves_of_an_object_that_hardly_varies_prove_nothing(member: User) -> None:
    flat = {part: {"tau": 0.002, "interval_width": 0.01} for part in ("amplitude", "phase")}
    assert not standing(member, per_channel=flat)["resolution"]
    assert not standing(member, resolution={"period_px": None})["resolution"]
