from pathlib import Path

from django.contrib.staticfiles import finders

from fiducial.viewer.finders import NAME, PlotlyFinder


def test_plotly_is_served_from_its_own_package() -> None:
    found = Path(finders.find(NAME))
    assert found.parent.name == "package_data"
    assert b"plotly.js v" in found.read_bytes()[:200]


def test_collecting_takes_the_one_file_and_no_other() -> None:
    ((name, storage),) = PlotlyFinder().list([])
    assert f"{storage.prefix}/{name}" == NAME
    assert storage.exists(name)
