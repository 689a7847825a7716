"""The scores of the diffusion benchmark, on posteriors whose right answer is known."""

import numpy as np
import pytest

from tests.benchmarks import synthetic
from tests.benchmarks.diffusion import (
    BARS,
    SAMPLES,
    Drawn,
    correlation_error,
    scores,
    table,
    table_of_samplers,
)

RNG = np.random.default_rng(0)


def posterior(spread: float) -> tuple[Drawn, np.ndarray]:
    """A Gaussian posterior around 5 and truths drawn from it; samples `spread` times as wide."""
    shape = (3, 64, 64)
    truth = 5 + RNG.normal(size=shape)
    samples = 5 + spread * RNG.normal(size=(SAMPLES, *shape))
    return Drawn(np.full(shape, 5.0), samples, np.full(shape, spread)), truth


def test_a_right_posterior_comes_out_right() -> None:
    found = scores(*posterior(1.0), np.full(3, 10.0))
    assert found["spread_ratio"] == pytest.approx(1, abs=0.03)
    assert found["coverage_gap_detail"] == pytest.approx(0, abs=0.01)
    # Gaussian: E|X − truth| / E|error of the mean| = 1/√2 of the absolute error.
    assert found["crps"] / found["mae"] == pytest.approx(1 / np.sqrt(2), abs=0.02)


@pytest.mark.parametrize(("spread", "gap"), [(0.5, 0.2), (2.0, -0.05)])
def test_a_wrong_spread_is_noticed(spread: float, gap: float) -> None:
    found = scores(*posterior(spread), np.full(3, 10.0))
    assert found["spread_ratio"] == pytest.approx(spread, rel=0.05)
    assert found["coverage_gap_detail"] > gap if gap > 0 else found["coverage_gap_detail"] < gap
    assert found["crps"] > scores(*posterior(1.0), np.full(3, 10.0))["crps"]


def test_elements_drawn_apart_have_wrong_correlations() -> None:
    shared = RNG.normal(size=(1, 64, 64))
    truth = np.concatenate([shared, shared + 0.1 * RNG.normal(size=(1, 64, 64))])
    together = truth[None] + 0.1 * RNG.normal(size=(4, 2, 64, 64))
    apart = RNG.normal(size=(4, 2, 64, 64))
    assert correlation_error(together, truth) < 0.05
    assert correlation_error(apart, truth) > 0.8


@pytest.mark.parametrize("texture", list(synthetic.SINGLE_TEXTURES))
def test_specimens_are_the_same_for_a_seed(texture: str) -> None:
    one, again = (next(synthetic.single_texture(texture, 3, 1, 100.0)) for _ in range(2))
    other = next(synthetic.single_texture(texture, 4, 1, 100.0))
    assert np.array_equal(one.y, again.y)
    assert not np.array_equal(one.y, other.y)
    assert one.truth.shape == (synthetic.ELEMENTS, synthetic.SIDE, synthetic.SIDE)
    np.testing.assert_allclose(one.peak, 100.0, rtol=0.01)


def test_a_rare_phase_is_as_bright_as_announced() -> None:
    specimen = next(synthetic.rare_bright(1, 1, 1e4))
    bright = specimen.truth[0].max() / np.quantile(specimen.truth[0], 0.97)
    assert bright > 0.5 * synthetic.BRIGHTER


def test_the_table_names_what_holds_what_is_missed_and_what_is_missing() -> None:
    key = "synthetic.x4.crps_ratio_to_regression"
    shown = table({key: 0.7, f"{key}.ci95_low": 0.69, f"{key}.ci95_high": 0.71})
    assert "0.690 to 0.710" in shown
    assert "holds" in shown
    assert shown.count("missing") == len(BARS) - 1


def test_the_table_of_samplers_puts_every_rival_beside_ours() -> None:
    shown = table_of_samplers(
        {
            "synthetic.x4.spread_ratio": 0.93,
            "synthetic.x4.rival.direct.spread_ratio": 0.61,
            "synthetic.x4.rival.direct.spread_ratio.ci95_low": 0.6,
            "obj1.split.x4.rival.direct.element_correlation_error": 0.08,
        }
    ).splitlines()
    ours, direct = (line.split() for line in shown[2:])
    assert ours == ["flow", "missing", "missing", "0.930", "missing", "missing"]
    assert direct == ["direct", "missing", "missing", "0.610", "missing", "0.080"]
