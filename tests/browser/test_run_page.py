"""The page of a finished run: linked maps, overlays, features, profile, on desk and telephone."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from fiducial.runs.models import Run
from tests.browser.conftest import PHONE
from tests.factories import people
from tests.factories.finished_runs import finished_run
from tests.factories.run_store import draw_specimen

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


def map_at_rest(page: Page, name: str) -> set[str]:
    """The same colours once they no longer change: every tile has come."""
    colours = map_colours(page, name)
    for _ in range(100):
        page.wait_for_timeout(200)
        before, colours = colours, map_colours(page, name)
        if colours == before:
            return colours
    raise AssertionError(f"the {name} map never came to rest")


def map_colours(page: Page, name: str) -> set[str]:
    """Colours of a map's middle, where there is neither hatching nor a mark of the theme."""
    return set(
        page.locator(f"#map-{name}").evaluate(
            COLOURS.replace("0, 0, canvas.width, canvas.height", "canvas.width / 2, 90, 60, 60")
        )
    )


def test_panes_move_together_by_keyboard(page: Page) -> None:
    painted(page, "#map-measured")
    before = {name: map_at_rest(page, name) for name in ("measured", "estimate")}
    page.locator("#map-measured").focus()
    for key in ("+", "+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    eventually(page, lambda: all(map_colours(page, name) != before[name] for name in before))
    page.keyboard.press("0")
    page.keyboard.press("Tab")  # off the map: the crosshair goes
    eventually(page, lambda: all(map_colours(page, name) == before[name] for name in before))


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


# The first column and the first row, as shares of the canvas, that are mostly bright; the marks of
# features are thin.
STEPS = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const columns = new Array(width).fill(0), rows = new Array(height).fill(0);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[4 * (y * width + x)] > 160) { columns[x] += 1; rows[y] += 1; }
    }
  }
  return [columns.findIndex((count) => count > height / 2) / width,
    rows.findIndex((count) => count > width / 2) / height];
}"""


@pytest.mark.parametrize("finer", [1, 3, 8])
def test_electron_image_of_any_size_lies_on_the_field_of_the_maps(visit, finer: int) -> None:
    """Bright from 3/8 of the width and 1/4 of the height on, beside an estimate at ×2."""
    drawn = draw_specimen(factor=2, shape=(40, 48))
    guide = np.full((40 * finer, 48 * finer), 20, np.float32)
    guide[10 * finer :, 18 * finer :] = 200
    run = finished_run(people.person(), specimen=replace(drawn, guide=guide))
    page = opened(visit, run)
    page.locator("[name=swipe]").fill("100")
    canvas = page.locator("#map-estimate")
    eventually(page, lambda: canvas.evaluate(STEPS) == pytest.approx([3 / 8, 1 / 4], abs=0.005))
    canvas.focus()
    for _ in range(2):
        page.keyboard.press("+")  # 1.5 times closer, about the middle
    zoomed = [0.5 - 1.5**2 / 8, 0]  # the upper edge has left the pane
    eventually(page, lambda: canvas.evaluate(STEPS) == pytest.approx(zoomed, abs=0.005))
    page.goto(page.url.split("/runs/")[0] + run.measurement.get_absolute_url())
    page.locator(".thumb").last.click()
    canvas = page.locator(".gallery canvas")
    eventually(page, lambda: canvas.evaluate(STEPS) == pytest.approx([3 / 8, 1 / 4], abs=0.005))


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


def test_definition_opens_and_closes_by_keyboard(page: Page) -> None:
    word = page.locator(".answers-table thead").get_by_role("button", name="risk")
    meaning = page.locator(".answers-table [id^=define-risk-]")
    expect(meaning).to_be_hidden()
    word.focus()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    expect(meaning).to_contain_text("The probability that the specimen has no such feature here")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(word).to_be_focused()


def test_chosen_feature_has_a_card_with_everything_known_of_it(page: Page, run: Run) -> None:
    card = page.locator("#feature")
    expect(card).to_be_hidden()
    page.locator(".answers-table tbody .fly").first.click()
    expect(card).to_be_visible()
    for fact in ("risk", "share"):
        expect(card.locator(f"[data-fact={fact}]")).to_have_text(re.compile(r"\d %$"))
    expect(card.locator("[data-fact=visibility]")).to_have_text(re.compile(r"\d"))
    expect(card.locator("[data-fact=presence]")).to_have_text(re.compile(r"^[0-2] of 2$"))
    expect(card.locator("[data-take]")).to_contain_text("the counts alone")
    expect(card.locator(".scatterlayer .trace")).to_have_count(4, timeout=20_000)
    card.get_by_role("button", name=re.compile("^Sample 2 has it")).press("Enter")
    expect(page.locator("[data-shown]")).to_have_text("Sample 2 of 2")
    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()
    expect(page.locator("[data-shown]")).to_have_text("Estimate")


def test_a_missed_feature_says_which_samples_were_not_asked(page: Page) -> None:
    page.get_by_role("button", name="Perhaps missed").click()
    page.locator(".answers-table tbody .fly").first.click()
    card = page.locator("#feature")
    expect(card.get_by_role("heading")).to_contain_text("perhaps missed")
    expect(card.get_by_role("button", name="Sample 1 proposed features")).to_be_visible()
    expect(card.locator("[data-fact=presence]")).to_have_text(re.compile("^[01] of 1$"))


def test_a_surer_interval_is_wider_wherever_it_is_told(page: Page) -> None:
    choose(page, "overlay", "interval")
    hover(page.locator("#map-estimate"), 0.3, 0.3)
    interval = page.locator("[data-value=interval]")
    widths = []
    for level in ("0.5", "0.9", "0.95"):
        choose(page, "level", level)
        expect(page.locator(".legend-words")).to_contain_text(f"{float(level):.0%}"[:-1])
        hover(page.locator("#map-estimate"), 0.3, 0.3)
        expect(interval).to_have_text(re.compile(r"^[\d.]+ to [\d.]+$"))
        low, high = map(float, interval.inner_text().split(" to "))
        widths.append(high - low)
    assert widths == sorted(widths)
    assert widths[0] < 0.6 * widths[1]


def plainly(place: Locator) -> str:
    """The words that are seen: definitions are in the text, but not shown."""
    return " ".join(place.inner_text().split())


def test_the_verdict_follows_the_element_and_withdraws_where_a_check_failed(page: Page) -> None:
    first = page.locator(".verdict-first:visible")
    words = plainly(first)
    assert words.startswith("Si: limited by resolution; finest trusted detail 3.0 px (1.5 µm);")
    assert "about 14.0 false features per 10⁴ px; calibrated on other specimens" in words
    expect(page.locator(".verdict-audit")).to_contain_text("add an audit window")
    choose(page, "element", "1")
    expect(first).to_contain_text("not calibrated here: the data-only check failed")
    page.get_by_role("tab", name="Residuals").click()
    row = page.get_by_role("row", name=re.compile("^Fe"))
    expect(row).to_contain_text("failed: the range is too narrow")


def test_evidence_has_five_pictures_and_a_curve_of_the_element_looked_at(page: Page) -> None:
    page.get_by_role("tab", name="Evidence").click()
    seen = set()
    for name in ("evidence", "resolution", "reliance", "smooth", "invented"):
        choose(page, "evidence", name)
        painted(page, "#map-evidence", more_than=8)
        seen.add(page.locator(".evidence-words").inner_text())
    assert len(seen) == 5
    legend = page.locator("#figure-evidence .legendtext")
    expect(legend.nth(1)).to_have_text("Si", timeout=20_000)
    choose(page, "element", "2")
    expect(legend.nth(1)).to_have_text("Ca", timeout=20_000)


def test_appendix_says_how_often_the_model_was_right(page: Page) -> None:
    page.get_by_role("tab", name="Calibration").click()
    panel = page.locator("#panel-calibration")
    expect(panel).to_contain_text("48 of 50 features with a stated risk of up to 10 % were real")
    expect(panel.get_by_role("row", name=re.compile("^edge"))).to_contain_text("84 %")
    for name in ("reliability", "ranks", "tarp"):
        expect(page.locator(f"#figure-{name} .main-svg").first).to_be_visible(timeout=20_000)
    expect(panel).to_contain_text("of 28 photographs 71 % were noticed")
