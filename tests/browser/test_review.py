"""A review from end to end: frozen, marked, rejected; accepted by link; verified; tampered."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fiducial.accounts.models import Membership
from fiducial.reports import services
from fiducial.reports.models import Report
from fiducial.runs.models import Run
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories.finished_runs import finished_run
from tests.factories.people import person
from tests.review.conftest import colleague, link_for

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30_000


@pytest.fixture
def run() -> Run:
    return finished_run(person("mara"), name="Zoned olivine")


def decide(page: Page, verdict: str, remark: str = "") -> None:
    form = page.locator("#decide")
    form.get_by_label(verdict, exact=True).check()
    form.get_by_role("textbox", name="Remark").fill(remark)
    form.get_by_role("button", name="Decide and sign").click()


def test_report_is_frozen_rejected_accepted_by_link_and_verified(visit, run: Run, tmp_path) -> None:
    page = visit(run.submitted_by, run.get_absolute_url())
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_text("Nobody has decided on this version yet.")).to_be_visible(
        timeout=PATIENCE
    )
    page.get_by_text("Readers without an account").click()
    page.get_by_label("For whom").fill("referee 2")
    page.get_by_label("may mark and decide").check()
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("#new-link").inner_text()

    report = Report.objects.get()
    reviewer = visit(colleague(report, "rolf", Membership.Role.REVIEWER))
    reviewer.get_by_role("link", name="Zoned olivine").first.click()
    expect(reviewer.get_by_role("heading", name="Review of")).to_be_visible()
    detail = reviewer.locator("#detail-1")
    detail.get_by_text("not supported", exact=True).click()
    detail.get_by_label("Remark on detail 1").fill("A scan line.")
    detail.get_by_role("button", name="Save").click()
    expect(detail).to_have_attribute("data-mark", "not-supported")
    expect(detail.locator(".pin title")).to_have_text("A scan line.")
    decide(reviewer, "Reject")
    expect(reviewer.get_by_role("alert")).to_contain_text("Say why in the remark")
    decide(reviewer, "Reject", "The grain is a scan line.")
    expect(reviewer.locator("#decisions")).to_contain_text("The grain is a scan line.")
    expect(reviewer.locator("#decisions")).to_contain_text("signature holds")

    page.context.clear_cookies()
    page.goto(address)
    expect(page.get_by_text("no account is needed")).to_be_visible()
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_label("Your name").fill("Ida Noor")
    page.get_by_label("Affiliation").fill("Uni Bergen")
    decide(page, "Accept")
    expect(page.locator("#decisions")).to_contain_text("Ida Noor")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download (zip)").click()
    copy = tmp_path / "copy.zip"
    download.value.save_as(copy)

    page.get_by_role("link", name="Check a report").click()
    page.get_by_label("The zip of the report").set_input_files(copy)
    page.get_by_role("button", name="Check the files").click()
    finding = page.get_by_role("status")
    expect(finding).to_contain_text("Your copy is what this portal sealed")
    expect(finding.get_by_role("row", name="Ida Noor")).to_contain_text("holds")

    tamper(report)
    reviewer.go_back()
    decide(reviewer, "Accept")
    expect(reviewer.get_by_text("Not as it was sealed.")).to_be_visible()
    expect(reviewer.locator("#decide")).to_have_count(0)
    assert report.decisions.count() == 2


def tamper(report: Report) -> Path:
    claims = services.folder(report) / "claims.json"
    claims.write_text(claims.read_text().replace("bright", "dark"))
    return claims


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_of_a_review_are_never_wider_than_their_window(visit, run: Run, viewport) -> None:
    report = services.freeze(run=run, by=run.submitted_by)
    reviewer = colleague(report, "rolf", Membership.Role.REVIEWER)
    _, token = link_for(report)
    lab = run.measurement.project.lab_id
    page = visit(reviewer, f"/reports/{report.pk}/review/", viewport=viewport)
    portal = page.url.partition("/reports/")[0]
    for path in (
        f"/reports/{report.pk}/review/",
        f"/reports/{report.pk}/",
        f"/review/{token}/",
        f"/review/{token}/review/",
        f"/verify/?hash={report.content_hash}",
        f"/labs/{lab}/reviews/",
    ):
        page.goto(portal + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
