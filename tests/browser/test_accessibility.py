"""Every page a person reaches is tried with axe: names, labels, landmarks, contrast, focus.

A new page is tried by itself: the addresses are those of the permission matrix.
"""

from collections.abc import Iterator

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page
from pytest_django import DjangoDbBlocker

from tests.browser.axe import assert_open_to_all
from tests.browser.everything import Everything
from tests.permissions.routes import every
from tests.permissions.test_matrix import ROWS

pytestmark = pytest.mark.django_db
# What answers GET and is no page of its own, by why.
NO_PAGE = {
    "data for scripts and programs": [
        *("measurements:upload-state", "measurements:histogram", "viewer:run-preview"),
        *("viewer:run-features", "viewer:run-figure", "viewer:run-unit", "viewer:run-frame"),
        "viewer:run-object",
        *("viewer:run-profile", "operations:live", "operations:ready", "operations:metrics"),
        *("learning:curve", "learning:model-curve", "measurements:frame", "measurements:event"),
        *("viewer:run-event", "live:picture"),
    ],
    "pictures and tiles": [
        *("measurements:thumbnail", "viewer:run-preview-picture", "viewer:run-phases"),
        *("viewer:run-tile", "viewer:measurement-tile", "demo:slow-tile"),
    ],
    "downloads": [
        *(
            "viewer:run-events",
            "viewer:run-units",
            "viewer:run-answers",
            "viewer:run-download",
            "operations:usage",
        ),
        "viewer:run-frames",
        *("reports:download", "reports:pdf", "audits:stage-list", "review:decisions"),
        *("review:crate", "review:link-download", "review:link-pdf"),
        "mfa_download_recovery_codes",
    ],
    "parts of a page that is tried": [
        *("accounts:under-way", "measurements:measurement-progress", "runs:queue-lines"),
        "live:progress",
        *("runs:run-progress", "reports:check-run", "audits:offer", "audits:progress"),
        *("audits:claim", "operate:state"),
    ],
    "leads to another page": [
        *("accounts:example", "accounts:one-time", "plans:page", "account_confirm_login_code"),
        "mfa_login_webauthn",
    ],
    "takes a form's POST only": [
        *("operate:run", "operate:worker", "review:link-mark", "review:link-decide"),
    ],
    "an identity provider or a real key has to answer first": [
        *("socialaccount_signup", "openid_connect_login", "openid_connect_callback"),
        "mfa_reauthenticate_webauthn",
    ],
}
# Who opens a page where it is neither an owner of the lab nor, if they may, somebody signed out.
WHO = {
    "accounts:home": ("anonymous", "owner"),  # two pages
    "account_set_password": ("passwordless",),
    "mfa_activate_totp": ("member",),
    "mfa_list_webauthn": ("member",),
    "mfa_edit_webauthn": ("member",),
    "mfa_remove_webauthn": ("member",),
    "mfa_authenticate": ("halfway",),
}
ROUTES = every()


def visits() -> Iterator[tuple[str, str]]:
    """The path of every page, with the name of who opens it."""
    left_out = {view for views in NO_PAGE.values() for view in views}
    for (method, path), row in ROWS.items():
        view = ROUTES[path].view
        if method == "GET" and not path.startswith("/api/") and view not in left_out:
            yield from ((path, name) for name in WHO.get(view, (_usual(row),)))


def _usual(row: dict[str, str]) -> str:
    if row["anonymous"] in ("200", "401", "404"):
        return "anonymous"
    return "operator" if row["operator"] == "200" and row["owner"] == "404" else "owner"


@pytest.fixture(scope="module")
def everything(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Everything]:
    """One lab for all pages; a transaction around all of it is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Everything()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def test_only_what_exists_is_left_out() -> None:
    views = {route.view for route in ROUTES.values()}
    assert {view for left_out in NO_PAGE.values() for view in left_out} <= views


@pytest.mark.parametrize(("path", "name"), list(visits()))
def test_a_page_has_no_serious_finding(
    everything: Everything, page: Page, path: str, name: str
) -> None:
    everything.show(page, name, everything.address(ROUTES[path]))
    assert page.locator("main h1").count() == 1, "If it is no page, say why in NO_PAGE."
    assert_open_to_all(page)


@pytest.mark.parametrize("kind", ["running", "failed", "revealed"])
def test_a_run_in_another_state_has_no_serious_finding(
    everything: Everything, page: Page, kind: str
) -> None:
    everything.show(page, "owner", everything.things.made[kind].get_absolute_url())
    assert_open_to_all(page)
