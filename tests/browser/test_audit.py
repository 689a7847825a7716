"""An audit from end to end: the stage list, a sealed prediction, windows brought, another claim."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from fiducial.audits import sweeping, work
from fiducial.measurements import tasks
from fiducial.runs.models import Run
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import audits, people

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30_000


@pytest.fixture
def run() -> Run:
    return audits.audited_run(people.person(), name="Zoned olivine")


def scan(stages: str, folder: Path, *, dwell: float = 2.0) -> Path:
    """What a microscope would export when it is driven by a stage list."""
    rng, specimen = np.random.default_rng(1), audits.specimen()
    for stage in csv.DictReader(io.StringIO(stages)):
        first, side = (int(stage["row"]), int(stage["column"])), int(stage["rows"])
        there = specimen.truth[:, first[0] : first[0] + side, first[1] : first[1] + side]
        (folder / stage["window"]).mkdir(parents=True)
        for element, values in zip(specimen.channels, rng.poisson(dwell * there), strict=True):
            path = folder / stage["window"] / f"{element}.txt"
            np.savetxt(path, values, fmt="%d", delimiter="\t")
    return folder


def bring(page: Page, folder: Path) -> None:
    page.locator("[data-part=folder]").set_input_files(folder)
    with page.expect_navigation():
        page.get_by_role("button", name="Upload").click()


def test_audit_windows_change_the_claim_of_a_run(visit, run: Run, tmp_path: Path) -> None:
    page = visit(run.submitted_by, run.measurement.get_absolute_url())
    with page.expect_download() as download:
        page.get_by_role("link", name="Stage list (CSV)").click()
    stages = Path(download.value.path()).read_text()
    page.goto(page.url.replace(f"measurements/{run.measurement_id}", f"runs/{run.pk}"))
    claim = page.locator("#audit")
    expect(claim).to_contain_text("Nothing of this specimen itself has been checked")
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_text("Verified just now")).to_be_visible(timeout=PATIENCE)
    page.go_back()

    page.get_by_role("link", name="Add audit windows").click()
    page.wait_for_url("**/audit/")
    bring(page, scan(stages, tmp_path / "rescan"))
    expect(page.locator("#rescans")).to_contain_text("waiting to be read")
    tasks.ingest()
    sweeping.sweep()
    expect(page.locator("#rescans")).to_contain_text("being judged", timeout=PATIENCE)
    assert work.judge_next()
    expect(page.locator("#rescans")).to_contain_text("intervals as shown hold", timeout=PATIENCE)

    page.locator("#rescans").get_by_role("link", name="Run").click()
    expect(claim).to_contain_text("On this specimen the 90 % intervals as shown hold")
    expect(claim).to_contain_text("Predicted before measured: version 1")
    expect(claim).not_to_contain_text("Nothing of this specimen")
    claim.get_by_text("Element by element, and how").click()
    expect(claim.get_by_role("row", name="Si")).to_be_visible()
    claim.get_by_role("button", name="widening").click()
    expect(claim.get_by_text("1 means that what was learned")).to_be_visible()


def test_where_to_look_next_is_placed_and_comes_back(visit, run: Run, tmp_path: Path) -> None:
    page = visit(run.submitted_by, run.get_absolute_url())
    page.get_by_text("Where to look next").click()
    page.get_by_label("Place").fill("3")
    page.get_by_role("button", name="Place them").click()
    expect(page.get_by_text("3 windows chosen on")).to_be_visible()
    card = page.locator(".card", has_text="3 windows chosen on")
    with page.expect_download() as download:
        card.get_by_role("link", name="Stage list (CSV)").click()
    folder = scan(Path(download.value.path()).read_text(), tmp_path / "chosen", dwell=20.0)
    card.get_by_role("link", name="Bring their rescan").click()
    page.wait_for_url("**/bring/")
    bring(page, folder)
    tasks.ingest()
    sweeping.sweep()
    work.judge_next()
    expect(page.get_by_text("Chosen windows, come back")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_of_an_audit_are_never_wider_than_their_window(visit, run: Run, viewport) -> None:
    audits.judged(run.measurement.placements.get())
    page = visit(run.submitted_by, f"/measurements/{run.measurement_id}/audit/", viewport=viewport)
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(fits)
    page.locator("#rescans").get_by_role("link", name="Run").click()
    for summary in page.locator("#audit summary").all():
        summary.click()
    assert page.evaluate(fits)
