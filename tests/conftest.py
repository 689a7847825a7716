"""Nothing is left out silently: a list at the end says what and why, and with CI=true it fails."""

import os
from collections import Counter
from collections.abc import Generator
from typing import TypeVar

import pytest
from django.db.models.signals import post_migrate

CI = os.environ.get("CI") == "true"
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_configure() -> None:
    # Permissions of Django's own are used by nobody, and would be made anew after every test that
    # empties the database: a tenth of a second each.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _not_skipped((yield))


def _not_skipped(report: Report) -> Report:
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Nothing may be left out with CI=true: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section("left out on this machine")
    for (where, reason), count in sorted(Counter(map(_where_and_why, skipped)).items()):
        terminalreporter.write_line(f"{where} ({count}): {reason}")


def _where_and_why(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str]:
    return report.nodeid.partition("::")[0], _reason(report)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")
