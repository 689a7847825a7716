"""What a standard deviation is worth, by how steep the estimate is."""

import json

import numpy as np
import pytest
import torch
from scipy import stats

from workers.assessment.spread import CUTS, Spread, strata

SPECIMENS, PIXELS = 24, 4000


def test_strata_count_standard_deviations_a_pixel():
    ramp = torch.arange(12.0).repeat(5, 1)  # changes by one a pixel
    std = torch.ones(4, 5, 12) * torch.tensor([10.0, 2.0, 0.75, 0.25])[:, None, None]
    assert [int(each.unique()) for each in strata(ramp.expand(4, 5, 12), std)] == [0, 1, 2, 3]


def scored(heavy: float, count: int = SPECIMENS, seed: int = 0) -> tuple[list, list]:
    """Specimens whose errors are `heavy` times as large in the steepest stratum."""
    rng = np.random.default_rng(seed)
    places = [rng.integers(0, len(CUTS) + 1, PIXELS).astype(np.uint8) for _ in range(count)]
    scores = [
        np.abs(rng.standard_normal(PIXELS)) * np.where(place == len(CUTS), heavy, 1.0)
        for place in places
    ]
    return scores, places


def test_steep_places_get_wider_intervals_and_each_stratum_its_coverage():
    spread = Spread.of(*scored(2.0))
    gentle, steep = spread.intervals["0.9"][0], spread.intervals["0.9"][-1]
    assert steep == pytest.approx(2 * gentle, rel=0.05)
    scores, places = scored(2.0, count=60, seed=1)
    for stratum in (0, len(CUTS)):  # the promise costs 1/(n + 1) at most
        inside = [
            (z <= gentle if stratum == 0 else z <= steep)[p == stratum]
            for z, p in zip(scores, places, strict=True)
        ]
        assert 0.9 <= np.mean([each.mean() for each in inside]) < 0.96


def test_a_stratum_that_few_specimens_speak_of_is_taken_for_the_gentler_one():
    scores, places = scored(2.0)
    few = [np.minimum(place, len(CUTS) - 1) for place in places]
    few[0] = places[0]  # one specimen alone has steep pixels
    spread = Spread.of(scores, few)
    assert spread.intervals["0.9"][-1] == spread.intervals["0.9"][-2]
    assert spread.survival[-1] == spread.survival[-2]


def test_too_few_specimens_are_refused():
    with pytest.raises(ValueError, match="takes 19 specimens; there are 9"):
        Spread.of(*scored(1.0, count=9))


def test_pixel_risk_follows_the_errors_that_were_found():
    spread = Spread.of(*scored(2.0, count=60))
    ramp = torch.arange(6.0).repeat(4, 1)[None]
    std = torch.full((1, 4, 6), 0.25)
    std[:, 2:] = 10.0
    risk = spread.pixel_risk(ramp, std, torch.tensor([0.5]))
    assert risk[0, 0].numpy() == pytest.approx(2 * stats.norm.sf(1.0), abs=0.02)  # twice as heavy
    assert risk[0, 3].numpy() == pytest.approx(2 * stats.norm.sf(0.05), abs=0.02)
    assert spread.halfwidth("0.9", ramp, std)[0, 0, 0] == pytest.approx(
        0.25 * spread.intervals["0.9"][-1]
    )
    certain = spread.pixel_risk(ramp, torch.zeros_like(std), torch.tensor([0.5]))
    assert float(certain.max()) < 1e-3


def test_a_card_gives_back_what_was_written_on_it():
    spread = Spread.of(*scored(2.0))
    again = Spread.from_card(json.loads(json.dumps(spread.to_card())))
    assert again.intervals == spread.intervals
    assert np.allclose(again.survival, spread.survival, atol=1e-5)
