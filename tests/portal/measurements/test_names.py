import pytest

from fiducial.errors import Refused
from fiducial.measurements.names import harmless_path, refuse_clashes


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Si.txt", "Si.txt"),
        ("Si K series.csv", "Si K series.csv"),
        ("../../etc/passwd", "etc/passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/absolute/path.tif", "absolute/path.tif"),
        ("C:\\maps\\Fe.txt", "C_/maps/Fe.txt"),
        ("map.zarr/0/c/.zattrs", "map.zarr/0/c/.zattrs"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("line\nbreak\x00.txt", "line_break_.txt"),
        ("Cu Kα.txt", "Cu Kα.txt"),
    ],
)
def test_harmless_path_stays_inside_its_folder(given: str, kept: str) -> None:
    assert harmless_path(given) == kept


@pytest.mark.parametrize("given", ["", "..", "/", "./..", " "])
def test_harmless_path_refuses_what_names_nothing(given: str) -> None:
    with pytest.raises(Refused, match="not a usable file name"):
        harmless_path(given)


@pytest.mark.parametrize("given", ["x" * 201, "/".join("abcdefghijklmn")])
def test_harmless_path_refuses_what_is_too_long_or_deep(given: str) -> None:
    with pytest.raises(Refused, match="shorten it"):
        harmless_path(given)


def test_refuse_clashes_names_files_that_could_not_lie_side_by_side() -> None:
    refuse_clashes(["Si.txt", "Fe.txt", "map.zarr/a", "map.zarr/b"])
    with pytest.raises(Refused, match=r"Two files are both called “Si\.txt”"):
        refuse_clashes(["Si.txt", "si.TXT"])
    with pytest.raises(Refused, match="“map” is a file and a folder"):
        refuse_clashes(["map/Si.txt", "map"])
