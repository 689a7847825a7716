"""What intensities cannot fix is found and taken off."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.diffraction import bubbles
from workers.assessment.diffraction.gauge import moved, registered, strongest_wave, wave, window

small = st.floats(-3, 3)


@given(down=small, right=small, k=st.floats(-0.02, 0.02), turn=small, size=st.floats(0.3, 3))
@settings(max_examples=15, deadline=None)
def test_a_gauge_is_undone(down: float, right: float, k: float, turn: float, size: float) -> None:
    truth, weight = bubbles((64, 60)), window(64, 60)
    ramp = wave(torch.tensor([k, -k / 2]), truth.shape).to(torch.complex64)
    other = moved(truth, torch.tensor([down, right])) * ramp * size * torch.e ** (1j * turn)
    back = registered(other, truth, weight)
    off = (back - truth).abs()[weight > 0.2]
    assert float(off.mean()) < 0.03


@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
@settings(max_examples=20, deadline=None)
def test_the_strongest_wave_is_found_between_the_bins(first: float, second: float) -> None:
    found = strongest_wave(wave(torch.tensor([first, second]), (32, 40)))
    assert math.dist(found.tolist(), (first, second)) < 1e-3 / 32 + 1e-5


def test_moving_by_whole_pixels_is_exact() -> None:
    image = bubbles((32, 32))
    there = moved(image, torch.tensor([2.0, -3.0]))
    torch.testing.assert_close(there, image.roll((2, -3), (0, 1)), rtol=1e-4, atol=1e-4)
