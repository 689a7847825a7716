"""Spread of amplitude and phase, and where another frame would tell most."""

import math

import torch

from workers.assessment.diffraction.next_places import next_places
from workers.assessment.diffraction.spread import Spread, parts_about


def test_a_phase_that_jumps_by_a_turn_is_not_off() -> None:
    shown = torch.polar(torch.ones(8, 8), torch.full((8, 8), math.pi - 0.01))
    other = torch.polar(torch.full((8, 8), 1.1), torch.full((8, 8), -math.pi + 0.01))
    away = parts_about(other, shown)
    torch.testing.assert_close(away[0], torch.full((8, 8), 0.1))
    torch.testing.assert_close(away[1], torch.full((8, 8), 0.02), atol=1e-5, rtol=0)


def test_an_interval_holds_ninety_percent_of_what_scatters_as_samples_do() -> None:
    generator = torch.Generator().manual_seed(0)
    shown = torch.ones(40, 40, dtype=torch.complex64)
    drawn = shown + 0.05 * torch.randn(13, 40, 40, dtype=torch.complex64, generator=generator)
    lower, upper = Spread.of(shown, drawn[1:], widening=(1.0, 1.0)).interval()
    assert bool((lower[0] >= 0).all())
    truth = torch.stack([drawn[0].abs(), drawn[0].angle()])
    held = ((lower <= truth) & (truth <= upper)).float().mean()
    assert 0.86 < float(held) < 0.94
    wide = Spread.of(shown, drawn[1:], widening=(2.0, 3.0)).std
    narrow = Spread.of(shown, drawn[1:], widening=(1.0, 1.0)).std
    torch.testing.assert_close(wide / narrow, torch.tensor([2.0, 3.0])[:, None, None] + 0 * wide)


def test_the_next_frame_goes_where_it_is_least_sure_and_each_tells_less() -> None:
    variance = torch.full((48, 48), 1e-3)
    variance[28:40, 6:18] = 0.05
    at = torch.arange(16) - 7.5
    probe = 20 * torch.exp(-(at[:, None] ** 2 + at**2) / 18)[None].to(torch.complex64)
    places = torch.tensor([[0.0, 0.0], [32.0, 32.0]], dtype=torch.float64)
    found = next_places(variance, probe, places, variance_factor=1.0, count=4)
    assert abs(found.row[0] + 8 - 34) <= 5
    assert abs(found.column[0] + 8 - 12) <= 5
    assert found.gain[0] > found.gain[-1] > 0
    assert found.gain.sum() < 1
