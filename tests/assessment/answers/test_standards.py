"""Counts to wt% on the mount of standards of the museum's microprobe, and on tables that lie."""

import io

import numpy as np
import pytest

from tests.data import DATA
from workers.assessment.answers.standard_maps import points_of_maps, read_folder, write_table
from workers.assessment.answers.standards import MATRIX_SCATTER, Line, Point, fit_lines
from workers.assessment.answers.standards_table import StandardsError, read_table

AMNH = DATA / "xray" / "amnh-standards"
HEAD = "standard,element,wt_percent,counts,uncertainty,dwell_ms,current_na\n"
amnh = pytest.mark.skipif(not AMNH.exists(), reason="no amnh-standards under FIDUCIAL_DATA")


@pytest.fixture(scope="module")
def museum() -> list[Point]:
    return list(read_folder(AMNH))


@amnh
def test_sensitivities_of_the_museums_mount(museum: list[Point]) -> None:
    lines, scatter = fit_lines(museum)
    slopes = {element: line.slope for element, line in lines.items()}
    expected = {"Fe": 3.06, "Ti": 12.9, "Ni": 3.02, "S": 2.10, "Si": 10.1, "Mg": 8.4, "Ca": 4.6}
    assert slopes == pytest.approx(expected, rel=0.02)
    assert 0.01 < scatter < 0.04  # Fe differs by 3 % between four standards
    assert lines["Fe"].standards == 4
    assert lines["Fe"].slope_error / lines["Fe"].slope > scatter  # of one more material


@amnh
def test_a_standard_left_out_is_found_again(museum: list[Point]) -> None:
    asked = [p for p in museum if p.wt >= 5 and p.element in ("Fe", "Ni", "S", "Ti")]
    held = []
    for left_out in asked:
        lines, _ = fit_lines([p for p in museum if p.standard != left_out.standard])
        _, lower, upper = lines[left_out.element].wt(
            np.array(left_out.counts), np.array(1.645 * left_out.error)
        )
        held.append(bool(lower <= left_out.wt <= upper))
        assert upper - lower < 0.2 * left_out.wt
    assert sum(held) >= 8  # of ten 90 % intervals


@amnh
def test_a_hot_pixel_does_not_move_a_standard(museum: list[Point]) -> None:
    found = {(p.standard, p.element): p for p in museum}
    assert found["nickel", "Ni"].counts == pytest.approx(309.5, abs=0.5)
    rng = np.random.default_rng(0)
    counts, mask = rng.poisson(300.0, (40, 40)), np.ones((40, 40), bool)
    hot = counts.copy()
    hot[20, 20] = 30_000
    (clean,), (burnt,) = (
        points_of_maps({"Ni": c}, {"nickel": mask}, {"nickel": {"Ni": 100}}) for c in (counts, hot)
    )
    assert burnt.counts == pytest.approx(clean.counts, abs=0.1)


def test_points_written_as_a_table_are_read_back() -> None:
    points = (Point("iron", "Fe", 100.0, 316.2, 0.3), Point("iron", "Si", 0.0, 1.9, 0.1))
    file = io.StringIO()
    write_table(points, file)
    assert read_table(file.getvalue().encode()).points == points


def test_quantification_is_linear_and_its_interval_grows_with_every_error() -> None:
    line = Line(slope=3.0, slope_error=0.1, background=1.0, background_error=0.2, standards=2)
    counts, half = np.array([4.0, 31.0, 301.0]), np.array([1.0, 3.0, 10.0])
    value, lower, upper = line.wt(counts, half)
    np.testing.assert_allclose(value, [1.0, 10.0, 100.0])
    exact = 1.645 * np.hypot(np.hypot(half / 1.645, 0.2), 0.1 * value) / 3.0
    np.testing.assert_allclose((upper - lower) / 2, exact, rtol=0.06)
    both, _, _ = line.wt(np.array([335.0]), np.array([1.0]))  # of 34 and 301, less background
    np.testing.assert_allclose(both, 1.0 + value[1:].sum() + 1 / 3 - 1 / 3, rtol=0.01)
    blind = Line(3.0, 0.0, 1.0, 0.0, 2)
    _, low, high = blind.wt(counts, half)
    assert (high - low < upper - lower).all()


def test_one_standard_of_each_element_assumes_a_scatter_and_says_so() -> None:
    lines, scatter = fit_lines([Point("iron", "Fe", 100.0, 300.0, 0.1)])
    assert scatter == MATRIX_SCATTER
    assert lines["Fe"].slope_error / 3.0 == pytest.approx(2**0.5 * MATRIX_SCATTER, rel=0.01)


def test_a_table_is_scaled_to_the_dose_of_the_map() -> None:
    table = read_table((HEAD + "iron,Fe,100,300,1,15,40\n").encode())
    scaled = table.at({"dwell_ms": 30.0, "current_na": 20.0})
    assert scaled.points[0].counts == 300
    assert scaled.taken_as_equal == ()
    half = table.at({"dwell_ms": 7.5, "current_na": None})
    assert half.points[0].counts == 150
    assert half.taken_as_equal == ("beam current",)


def test_a_table_with_decimal_commas_is_understood() -> None:
    text = "standard;element;wt_percent;counts;uncertainty\nolivine;Fe;7,42;22,3;0,1\n"
    assert read_table(text.encode()).points[0] == Point("olivine", "Fe", 7.42, 22.3, 0.1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must name the columns"),
        ("element,counts\nFe,3\n", "lacks standard and wt_percent and uncertainty"),
        (HEAD, "no line of numbers"),
        (HEAD + "iron,FeO,70,300,1,15,40\n", "Line 2: “FeO” is no element symbol"),
        (HEAD + "iron,Fe,100,many,1,15,40\n", "Line 2: “many” in the column counts is no number"),
        (HEAD + "iron,Fe,100,nan,1,15,40\n", "“nan” in the column counts"),
        (HEAD + "iron,Fe,100,300\n", "“” in the column uncertainty"),
        (HEAD + "iron,Fe,170,300,1,15,40\n", "between 0 and 100"),
        (HEAD + "iron,Fe,100,-3,1,15,40\n", "counts is -3"),
        (HEAD + "iron,Fe,0,3,1,15,40\n", "no slope can be found"),
        (HEAD + "iron,Fe,100,300,1,15,40\niron,Si,0,3,1,30,40\n", "Line 3 has another dwell time"),
        (HEAD + "iron,Fe,100,300,1,15,40\n" * 2001, "2000 is the most"),
        ('standard,"element\n', "must name the columns"),
    ],
)
def test_a_bad_table_is_told_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(StandardsError) as wrong:
        read_table(text.encode())
    assert sentence in str(wrong.value)


def test_what_is_no_table_at_all_is_refused() -> None:
    with pytest.raises(StandardsError, match="CSV UTF-8"):
        read_table(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(StandardsError, match="at most 64"):
        read_table(b"x" * 70_000)
