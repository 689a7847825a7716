"""A real Chromium on a real portal: `visit(user)` opens a signed-in page that forgives no error."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fiducial.accounts.models import User
from fiducial.accounts.services import one_time_link

# Playwright's own event loop runs in this thread; the tests still use the database from it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the whole session, from the system's packages."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """`visit(user, "/path/", viewport=PHONE)`: that page, signed in by a one-time link.

    Script errors, refused content and failed requests fail the test.
    """
    contexts, complaints = [], []

    def opened(user: User, path: str = "/", **options: object) -> Page:
        context = chromium.new_context(**({"viewport": DESKTOP} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on(
            "console", lambda m: complaints.append(f"console: {m.text}") if m.type == "error" else 0
        )
        page.goto(live_server.url + one_time_link(user=user, next_url=path))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
