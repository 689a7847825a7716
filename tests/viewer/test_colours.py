from pathlib import Path

import numpy as np

from fiducial.viewer import colours

STATIC = Path(__file__).parents[2] / "templates" / "static" / "viewer"


def test_browser_and_reports_share_their_colour_maps() -> None:
    assert (STATIC / "luts.js").read_text() == colours.javascript()


def test_lut_runs_from_its_first_to_its_last_colour() -> None:
    table = colours.lut("cividis")
    assert table.shape == (256, 3)
    assert bytes(table[0]).hex() == "00224e"
    assert bytes(table[-1]).hex() == "fee838"


def test_value_maps_grow_lighter_all_the_way() -> None:
    for name in ("cividis", "viridis", "grey"):
        lightness = colours.lut(name) @ np.array([0.2126, 0.7152, 0.0722])
        assert np.all(np.diff(lightness) > -0.6), name


def test_residual_map_is_palest_in_the_middle() -> None:
    lightness = colours.lut("residual").sum(1)
    assert np.argmax(lightness) in (127, 128)
