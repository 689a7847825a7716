"""Counts of an element from its composition or a quick scan; the tabled figures measured again."""

import json

import numpy as np
import pytest

from tests.data import data_path
from workers.assessment.brightness import (
    BACKGROUND,
    CONTRAST,
    SENSITIVITY,
    USUAL_SENSITIVITY,
    of_composition,
    of_quick_scan,
)

EXPOSURE = 40 * 0.015  # nA s of the standards' maps


def test_composition_gives_rate_spread_and_background():
    iron = of_composition("Fe", 10.0)
    assert iron.rate == pytest.approx(SENSITIVITY["Fe"] * 10 + BACKGROUND["Fe"])
    assert iron.spread == pytest.approx(CONTRAST * 10 * SENSITIVITY["Fe"])
    assert of_composition("Fe", 10.0, spread=2.0, sensitivity=1.0).spread == 2.0
    assert of_composition("Na", 1.0).sensitivity == USUAL_SENSITIVITY


def test_a_quick_scan_is_relieved_of_its_counting_noise():
    rng = np.random.default_rng(0)
    truth = np.repeat([20.0, 180.0], 20_000)
    counts = rng.poisson(truth)
    found = of_quick_scan("Si", counts.mean(), counts.std(), dwell_ms=15, current_na=40)
    assert found.rate * EXPOSURE == pytest.approx(100, rel=0.01)
    assert found.spread * EXPOSURE == pytest.approx(80, rel=0.01)
    assert of_quick_scan("Si", 100, None, 15, 40).spread * EXPOSURE == pytest.approx(100 * CONTRAST)
    with pytest.raises(ValueError, match="no more than counting noise"):
        of_quick_scan("Cr", 16, 4.0, 15, 40)


def test_the_tables_are_what_the_standards_show():
    import tifffile

    folder = data_path("xray/amnh-standards")
    facts = json.loads((folder / "standards.json").read_text())
    inside = {
        name: (tifffile.imread(folder / one["maskFile"]) == 255, one["elements"])
        for name, one in facts["minerals"].items()
    }
    for element, file in facts["elements"].items():
        counts = tifffile.imread(folder / file).astype(float)
        without, each = [], []
        for mask, composition in inside.values():
            # A rare hot pixel reads ten times too much.
            mean = np.clip(counts[mask], 0, np.quantile(counts[mask], 0.999)).mean()
            if element not in composition:
                without.append(mean)
            elif composition[element] >= 1:
                each.append((mean, composition[element]))
        background = np.median(without)
        assert BACKGROUND[element] == pytest.approx(background / EXPOSURE, rel=0.03, abs=0.02)
        if each:
            sensitivity = np.median([(mean - background) / wt for mean, wt in each]) / EXPOSURE
            assert SENSITIVITY[element] == pytest.approx(sensitivity, rel=0.02)
