"""The width of a step along a line, where it is known."""

import numpy as np
import pytest
from scipy import special

from workers.assessment.answers.intervals import Factors, widths
from workers.assessment.answers.profile import FROM_10_TO_90, Line, Steps, fit_steps


def step(shape: tuple[int, int], sigma: float, angle: float, levels: tuple[float, float]):
    """A step through the middle of a map, rising along `angle`, and the line straight across."""
    y, x = (np.arange(n) + 0.5 - n / 2 for n in shape)
    along = np.sin(angle) * y[:, None] + np.cos(angle) * x[None]
    low, high = levels
    middle, reach = np.array(shape) / 2, 12 * np.array([np.sin(angle), np.cos(angle)])
    line = Line(tuple(middle - reach), tuple(middle + reach))
    return low + (high - low) * special.ndtr(along / sigma), line


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("angle", [0.0, 0.6, np.pi / 2, 4.0])
@pytest.mark.parametrize("levels", [(5, 90), (90, 5)])
def test_the_width_of_a_known_step(sigma: float, angle: float, levels: tuple) -> None:
    plane, line = step((48, 40), sigma, angle, levels)
    found = fit_steps(line.along, line.read(plane)[None])
    # Interpolation and pixels widen a sharp step a little.
    expected = FROM_10_TO_90 * np.hypot(sigma, 0.4)
    assert found.width[0] == pytest.approx(expected, rel=0.08)
    assert found.place[0] == pytest.approx(line.length / 2, abs=0.3)
    assert found.height[0] == pytest.approx(levels[1] - levels[0], rel=0.06)
    assert found.fit[0] > 0.99


def test_noise_is_no_step_and_a_flat_line_has_none() -> None:
    rng = np.random.default_rng(0)
    along = np.linspace(0, 20, 41)
    found = fit_steps(along, np.stack([rng.normal(size=41), np.full(41, 7.0)]))
    assert found.fit[0] < 0.5
    assert found.fit[1] == 0


def test_a_window_of_the_map_reads_the_same_line() -> None:
    plane, line = step((48, 40), 2.0, 0.6, (5, 90))
    np.testing.assert_allclose(line.read(plane[5:44, 3:37], (5, 3)), line.read(plane))


def test_an_interval_of_widths_is_a_ratio_and_wider_by_its_factor() -> None:
    rng = np.random.default_rng(0)
    steps = Steps(4 * np.exp(rng.normal(0, 0.2, 16)), *np.ones((3, 16)))
    value, lower, upper = widths(steps, Factors(1, 1, 2.0))
    assert value / lower == pytest.approx(upper / value)
    assert lower < 4 < upper
    assert upper / lower > np.subtract(*widths(steps, Factors(1, 1, 1.0))[:0:-1]) / value
