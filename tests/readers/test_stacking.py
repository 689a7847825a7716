"""Rescanned windows: a folder of small maps read as one measurement."""

from pathlib import Path

import numpy as np
import pytest

from workers.readers import ReadError, read_windows

TOLD = {"units": "counts", "sampling": "fine"}


def write(folder: Path, number: int, maps: dict[str, np.ndarray]) -> list[Path]:
    there = folder / f"{number:02d}"
    there.mkdir()
    paths = []
    for element, values in maps.items():
        paths.append(there / f"{element}.txt")
        np.savetxt(paths[-1], values, fmt="%d", delimiter="\t")
    return paths


@pytest.fixture
def windows(tmp_path: Path) -> dict[int, list[Path]]:
    """Three windows; the second holds no iron at all."""
    rng = np.random.default_rng(0)
    made = {}
    for number in (2, 1, 3):
        iron = rng.poisson(9, (16, 16)) if number != 2 else np.zeros((16, 16))
        made[number] = write(
            tmp_path, number, {"Si": rng.poisson(10 * number, (16, 16)), "Fe": iron}
        )
    return made


def test_windows_are_stacked_in_the_order_of_their_numbers(windows) -> None:
    found = read_windows(windows, TOLD)
    assert found.values.shape == (2, 48, 16)
    assert found.provenance["windows"] == 3
    assert found.sampling == "fine"
    silicon = found.values[found.channels.index("Si")]
    means = silicon.reshape(3, 16, 16).mean((1, 2))
    assert means == pytest.approx([10, 20, 30], rel=0.1)
    assert "2/Fe.txt" in {row["name"] for row in found.provenance["files"]}
    assert all(problem.severity != "question" for problem in found.problems)


def test_an_element_that_a_window_lacks_is_an_answer(windows) -> None:
    found = read_windows(windows, TOLD)
    assert not found.values[found.channels.index("Fe"), 16:32].any()
    assert found.mask.all()


def test_a_window_unlike_the_first_is_named(windows, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    small = {"Si": np.full((12, 16), 7), "Fe": np.full((12, 16), 7)}
    unlike = windows | {4: write(tmp_path / "more", 4, small)}
    with pytest.raises(ReadError, match="window 4: It has 12 × 16 pixels"):
        read_windows(unlike, TOLD)
    other = windows | {5: write(tmp_path / "more", 5, {"Si": np.full((16, 16), 7)})}
    with pytest.raises(ReadError, match="window 5: It holds other elements"):
        read_windows(other, TOLD)


def test_a_broken_file_names_its_window(windows) -> None:
    windows[3][0].write_text("not a map\n" * 20)
    windows[3][1].write_text("nor this\n" * 20)
    with pytest.raises(ReadError, match="window 3"):
        read_windows(windows, TOLD)
