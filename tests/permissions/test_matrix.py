"""Who is let in where: every row of matrix.csv is asked for by everybody, for real."""

import csv
import io
from pathlib import Path

import pytest

from fiducial.accounts import preview

from .asking import COLUMNS, Visitors
from .routes import Route, every

pytestmark = pytest.mark.django_db
MATRIX = Path(__file__).parent / "matrix.csv"
ROUTES = every()
ROWS = {(row["method"], row["route"]): row for row in csv.DictReader(MATRIX.open())}
ASKED = [(method, ROUTES[path]) for method, path in ROWS if path in ROUTES]
each_row = pytest.mark.parametrize(
    ("method", "route"), ASKED, ids=[f"{method} {route.path}" for method, route in ASKED]
)


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_and_method_has_a_row(visitors: Visitors, path: str) -> None:
    route = ROUTES[path]
    unlisted = [method for method in route.methods if (method, path) not in ROWS]

    taken = [method for method in unlisted if _is_taken(visitors, method, route)]

    lines = [_line(visitors, method, route) for method in taken]
    assert not lines, "Judge what happens today, then add to the matrix:\n" + "\n".join(lines)


def test_every_row_has_a_route() -> None:
    assert [f"{method} {path}" for method, path in ROWS if path not in ROUTES] == []


@each_row
def test_everybody_is_answered_as_the_matrix_says(
    visitors: Visitors, method: str, route: Route
) -> None:
    row = ROWS[method, route.path]

    assert visitors.row(method, route) == {name: row[name] for name in COLUMNS}


@each_row
def test_what_one_may_not_see_answers_like_what_is_not_there(
    visitors: Visitors, method: str, route: Route
) -> None:
    foreign = visitors.foreign(method, route)
    if not foreign:
        return  # about no thing
    hidden = [(name, visitors.theirs, answer) for name, answer in foreign.items()]
    for name, answer in visitors.own(method, route).items():
        if answer.word == "404" or name == "anonymous":
            hidden.append((name, visitors.ours, answer))

    for name, things, answer in hidden:
        missing = visitors.ask(name, method, route, things, missing=True)
        assert answer.told == missing.told, name
        assert things.name not in answer.text, name


@each_row
def test_nobody_is_told_of_another_lab(visitors: Visitors, method: str, route: Route) -> None:
    answers = visitors.own(method, route)

    assert visitors.ours.name not in answers["anonymous"].text + answers["stranger"].text
    assert visitors.theirs.name not in answers["owner"].text


@each_row
@pytest.mark.parametrize("role", preview.OFFERED)
def test_who_looks_as_a_role_is_answered_as_that_role_and_changes_nothing(
    visitors: Visitors, role: str, method: str, route: Route
) -> None:
    answer = visitors.ask(f"owner as {role}", method, route, visitors.ours)

    changes = method != "GET" and route.view != "accounts:back"
    assert answer.word == ("403" if changes else ROWS[method, route.path][role])


def _is_taken(visitors: Visitors, method: str, route: Route) -> bool:
    return visitors.ask("owner", method, route, visitors.ours).response.status_code != 405


def _line(visitors: Visitors, method: str, route: Route) -> str:
    """The row a route would have by what is true today."""
    written, row = io.StringIO(), visitors.row(method, route)
    csv.writer(written).writerow([route.path, method, *(row[name] for name in COLUMNS)])
    return written.getvalue().strip()
