"""The page of a finished run: linked maps, overlays, features, profile, on desk and telephone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from fiducial.runs.models import Run
from tests.browser.conftest import PHONE
from tests.factories import people
from tests.factories.finished_runs import finished_run

pytestmark = pytest.mark.django_db(transaction=True)

COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
  return [...seen];
}"""


@pytest.fixture
def run() -> Run:
    return finished_run(people.person())


@pytest.fixture
def page(visit, run: Run) -> Page:
    return opened(visit, run)


def opened(visit, run: Run, **options: object) -> Page:
    page = visit(run.submitted_by, run.get_absolute_url(), **options)
    page.locator(".answers-table tbody .fly").first.wait_for()
    painted(page, "#map-estimate")
    return page


def painted(page: Page, selector: str, more_than: int = 30) -> set[str]:
    """The colours of a map once its tiles came."""
    canvas = page.locator(selector)
    for _ in range(100):
        found = set(canvas.evaluate(COLOURS))
        if len(found) > more_than:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{selector} stayed empty: {found}")


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for something that only the drawn map shows."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the map never came to look as it should")


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"label:has([name={name}][value='{value}'])").click()


def hover(canvas: Locator, x: float, y: float) -> None:
    """Point at a place given as shares of the canvas."""
    box = canvas.bounding_box()
    canvas.hover(position={"x": x * box["width"], "y": y * box["height"]})


def test_value_and_interval_stand_under_the_cursor(page: Page) -> None:
    hover(page.locator("#map-measured"), 0.3, 0.3)
    place = page.locator("[data-value=place]")
    expect(place).to_contain_text(re.compile(r"row 2\d, col 3\d"))
    expect(page.locator("[data-value=measured]")).to_have_text(re.compile(r"^\d"))
    expect(page.locator("[data-value=interval]")).to_have_text(re.compile(r"^[\d.]+ to [\d.]+$"))
    expect(page.locator("[data-value=risk]")).to_have_text(re.compile(r"^\d+ %$"))
    hover(page.locator("#map-measured"), 0.97, 0.97)
    expect(page.locator("[data-value=estimate]")).to_have_text("not measured")


def test_overlays_change_the_estimate_and_say_what_they_mean(page: Page) -> None:
    words = page.locator(".legend-words")
    plain = painted(page, "#map-estimate")
    choose(page, "overlay", "invented")
    expect(words).to_contain_text("the learned prior supplied more than 20 %")
    # The words are there at once, the overlay when its tiles came.
    eventually(
        page,
        lambda: any(
            red > 1.3 * green for red, green, _ in rgb(painted(page, "#map-estimate") - plain)
        ),
    )
    choose(page, "overlay", "risk")
    expect(words).to_contain_text(re.compile(r"wrong by more than [\d.]+ counts"))
    eventually(
        page,
        lambda: all(
            red == green == blue for red, green, blue in rgb(map_colours(page, "measured"))
        ),
    )
    choose(page, "overlay", "none")
    expect(words).to_be_empty()


def rgb(colours: set[str]) -> list[tuple[int, ...]]:
    return [tuple(map(int, colour.split(","))) for colour in colours]


def map_colours(page: Page, name: str) -> set[str]:
    """Colours of a map's middle, where there is neither hatching nor a mark of the theme."""
    return set(
        page.locator(f"#map-{name}").evaluate(
            COLOURS.replace("0, 0, canvas.width, canvas.height", "canvas.width / 2, 90, 60, 60")
        )
    )


def test_panes_move_together_by_keyboard(page: Page) -> None:
    before = {name: map_colours(page, name) for name in ("measured", "estimate")}
    page.locator("#map-measured").focus()
    for key in ("+", "+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_timeout(400)
    assert all(map_colours(page, name) != colours for name, colours in before.items())
    page.keyboard.press("0")
    page.keyboard.press("Tab")  # off the map: the crosshair goes
    page.wait_for_timeout(400)
    assert {name: map_colours(page, name) for name in before} == before


def test_row_flies_to_its_feature(page: Page, run: Run) -> None:
    row = page.locator(".answers-table tbody tr").first
    row.locator(".fly").click()
    expect(row).to_have_attribute("data-chosen", "")
    label = row.locator(".fly").get_attribute("aria-label")
    y, x = re.search(r"row (\d+), column (\d+)", label).groups()
    expect(page.locator("[data-value=place]")).to_contain_text(f"row {y}, col {x}")
    page.get_by_role("button", name="Safest").click()
    risks = page.locator(".answers-table .meter").all_inner_texts()
    percents = [int(risk.split()[0]) for risk in risks]
    assert percents == sorted(percents)


def test_profile_is_drawn_between_two_points_chosen_by_keyboard(page: Page) -> None:
    page.get_by_role("button", name="Draw a profile").click()
    canvas = page.locator("#map-estimate")
    canvas.focus()
    page.keyboard.press("+")
    page.keyboard.press("Enter")
    expect(page.locator(".profile-words")).to_contain_text("Now the other end")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-profile .scatterlayer .trace")).to_have_count(4, timeout=20_000)
    expect(page.locator("#panel-profile .figure")).to_contain_text("90 % interval")


def test_samples_step_and_lead_back_to_the_estimate(page: Page) -> None:
    shown = page.locator("[data-shown]")
    page.get_by_role("button", name="Next posterior sample").click()
    expect(shown).to_have_text("Sample 1 of 2")
    page.get_by_role("button", name="Blink samples").click()
    expect(shown).to_have_text("Sample 2 of 2")
    page.get_by_role("button", name="Back to the estimate").click()
    expect(shown).to_have_text("Estimate")


def test_electron_image_is_swiped_over_the_estimate(page: Page) -> None:
    page.locator("[name=swipe]").fill("100")
    page.wait_for_timeout(500)
    assert all(red == green == blue for red, green, blue in rgb(map_colours(page, "estimate")))
    assert not all(red == green == blue for red, green, blue in rgb(map_colours(page, "measured")))


def test_residuals_and_evidence_are_one_click_away(page: Page) -> None:
    page.get_by_role("tab", name="Residuals").click()
    painted(page, "#map-residuals")
    expect(page.locator("#figure-agreement .point")).to_have_count(6, timeout=20_000)
    page.get_by_role("tab", name="Residuals").press("ArrowRight")
    expect(page.get_by_role("tab", name="Evidence")).to_be_focused()
    painted(page, "#map-evidence")


def test_link_shows_somebody_else_the_same_element_and_overlay(page: Page, visit, run: Run) -> None:
    choose(page, "element", "1")
    choose(page, "overlay", "interval")
    assert page.url.endswith("#element=Fe&overlay=interval")
    page.goto(page.url)
    page.reload()
    expect(page.locator("[name=element][value='1']")).to_be_checked()
    expect(page.locator("[name=overlay][value='interval']")).to_be_checked()


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "has_touch": True}])
def test_page_is_never_wider_than_its_window(visit, run: Run, options: dict) -> None:
    page = opened(visit, run, color_scheme="dark", **options)
    for tab in ("Residuals", "Evidence", "Calibration", "Parameters"):
        page.get_by_role("tab", name=tab).click()
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, tab


def test_frozen_report_opens_and_checks_its_run(page: Page) -> None:
    page.get_by_role("textbox", name="Title").fill("Zoned olivine")
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_role("heading", name="Zoned olivine")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Verified just now")).to_be_visible()
    page.get_by_role("button", name="Recompute the run's hash too").click()
    expect(page.get_by_text("still have the hash")).to_be_visible()
