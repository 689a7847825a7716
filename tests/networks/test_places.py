"""Convolutions among seen places: those of the whole grid, where nothing was seen being 0."""

import pytest
import torch
from torch import nn

from workers.networks.places import Places


@pytest.mark.parametrize("dilation", [1, 2])
def test_a_convolution_among_places_is_that_of_the_whole_grid(dilation):
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 5, 3, padding=dilation, dilation=dilation)
    seen = torch.rand(3, 1, 7, 6) < 0.4
    maps = torch.randn(3, 4, 7, 6) * seen
    places = Places.of(seen, (dilation,))
    found = places.maps(places.convolved(layer, places.rows(maps)))
    torch.testing.assert_close(found, layer(maps) * seen)


def test_an_event_without_a_cell_has_no_places():
    places = Places.of(torch.zeros(2, 1, 4, 4, dtype=torch.bool), (1,))
    answer = places.convolved(nn.Conv2d(3, 2, 3, padding=1), places.rows(torch.ones(2, 3, 4, 4)))
    assert places.maps(answer).shape == (2, 2, 4, 4)
    assert float(places.maps(answer).abs().max()) == 0
