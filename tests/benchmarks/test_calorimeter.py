"""The table of calorimeter figures says what holds, what is missed and what was not measured."""

import pytest

from tests.benchmarks.calorimeter_table import BARS, PAGE, rows, table, with_figures

FIGURES = {
    "x4.rel_rmse": 0.5, "x4.rel_rmse.error": 0.01, "x4.uniform.rel_rmse": 0.9,
    "x4.count_correct": 0.5, "x2.single_e.energy_residual_mean_pct": -0.4, "x4.pn.right": 0.7,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("x4.rel_rmse", ("0.500 ± 0.01", "≤ 0.55", "holds", "0.900")),
        ("x4.count_correct", ("0.500", "≥ 0.58", "missed", "")),
        ("x2.single_e.energy_residual_mean_pct", ("-0.400", "-0.3 to 0.3", "missed", "")),
        ("x2.emd_mm", ("", "≤ 5.5", "missing", "")),
        ("x4.pn.right", ("0.700", "reported", "", "")),
    ],
)
def test_a_figure_stands_beside_its_bar_and_rivals(key, said):
    found = {row[0]: row[1:5] for row in rows(FIGURES)}
    assert found[key] == said


def test_the_page_has_the_same_rows_between_its_markers():
    page = with_figures(PAGE.read_text(), FIGURES)
    assert page.count("| `x4.rel_rmse` | 0.500 ± 0.01 | ≤ 0.55 | holds | 0.900 |") == 1
    assert all(f"`{key}`" in page and key in table(FIGURES) for key in BARS)
    assert with_figures(page, FIGURES) == page
