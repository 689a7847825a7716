"""What shuts people out of a page, as axe finds it: at a desk by day, on a phone by night."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE

LOOKS = [(DESKTOP, "light"), (PHONE, "dark")]


def assert_open_to_all(page: Page) -> None:
    """Nothing that axe calls serious, with all details open, and never wider than its window."""
    page.wait_for_function("!document.querySelector('.htmx-request')")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    for viewport, colours in LOOKS:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert _serious(page) == []


def _serious(page: Page) -> list[str]:
    """What axe finds serious or critical, a line each: rule, element, what is wrong."""
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in Axe().run(page).response["violations"]
        for node in found["nodes"]
        if node["impact"] in ("serious", "critical")
    ]
