import contextlib
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workers.readers import ReadError, limits, text, text_maps

GRIDS = arrays(
    np.int32,
    st.tuples(st.integers(1, 12), st.integers(2, 12)),
    elements=st.integers(-1000, 10**6),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    grid=GRIDS,
    separator=st.sampled_from(["\t", ",", ";", " ", "   "]),
    trailing=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    decimals=st.sampled_from(["{}", "{}.0", "{}e0"]),
    blank_lines=st.integers(0, 2),
)
def test_grid_survives_every_way_of_writing_it(
    tmp_path, grid, separator, trailing, line_end, decimals, blank_lines
):
    tail = separator * trailing + line_end
    lines = [separator.join(decimals.format(v) for v in row) + tail for row in grid]
    path = tmp_path / "grid.txt"
    path.write_text("".join(lines) + line_end * blank_lines, newline="")
    np.testing.assert_array_equal(text.read_grid(path).values, grid.astype(np.float32))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grid=GRIDS, gaps=st.data())
def test_gaps_become_nan(tmp_path, grid, gaps):
    fields = [[str(v) for v in row] for row in grid]
    row = gaps.draw(st.integers(0, grid.shape[0] - 1))
    column = gaps.draw(st.integers(0, grid.shape[1] - 1))
    fields[row][column] = "NaN"
    path = tmp_path / "grid.csv"
    path.write_text("\n".join(",".join(line) for line in fields))
    values = text.read_grid(path).values
    assert np.isnan(values[row, column])
    assert np.isnan(values).sum() == 1


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path, body):
    path = tmp_path / "any.txt"
    path.write_bytes(body)
    with contextlib.suppress(ReadError):
        assert text_maps.read(path).layers[0].values.dtype == np.float32


def test_decimal_commas_are_understood(tmp_path):
    path = tmp_path / "grid.txt"
    path.write_text("1,5;2;3,25\n4;5,5;6\n")
    np.testing.assert_array_equal(text.read_grid(path).values, [[1.5, 2, 3.25], [4, 5.5, 6]])


def test_empty_field_inside_a_row_is_a_gap(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("1,2,3,\n4,,6,\n7,8,,\n")
    expected = [[1, 2, 3], [4, np.nan, 6], [7, 8, np.nan]]
    np.testing.assert_array_equal(text.read_grid(path).values, expected)


def test_ragged_row_is_refused_with_its_line(tmp_path):
    path = tmp_path / "Si.txt"
    path.write_text("1\t2\t3\t\n4\t5\t6\t\n7\t8\t\n")
    with pytest.raises(ReadError) as refusal:
        text.read_grid(path)
    assert refusal.value.problem.where == "Si.txt, line 3"
    assert "2 numbers, the rows before have 3" in refusal.value.problem.what


def test_word_between_numbers_is_refused_with_its_place(tmp_path):
    path = tmp_path / "Si.txt"
    path.write_text("1 2 3\n4 oops 6\n")
    with pytest.raises(ReadError, match=re.escape("Si.txt, line 2, column 2: “oops”")):
        text.read_grid(path)


def test_enormous_text_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "Si.txt"
    with path.open("wb") as file:
        file.write(b"1 2 3\n")
        file.truncate(limits.MAX_TEXT_BYTES + 1)  # sparse: takes no room
    with pytest.raises(ReadError, match="512 MiB are read"):
        text.read_grid(path)


def test_endless_line_is_refused(tmp_path):
    path = tmp_path / "Si.txt"
    path.write_bytes(b"1 " * limits.MAX_LINE_BYTES)
    with pytest.raises(ReadError, match="longer than 4 MiB"):
        text.read_grid(path)
