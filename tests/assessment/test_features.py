"""Features, their presence elsewhere, the census over samples, and how plainly they are seen."""

import numpy as np
import pytest
import torch

from workers.assessment.blobs import SCALES
from workers.assessment.census import FeatureCensus
from workers.assessment.features import find_features, present
from workers.assessment.visibility import visibility
from workers.physics import forward_model

LEAST = torch.tensor([1.0])


def picture(*blobs: tuple[float, float, float, float], size: int = 64) -> torch.Tensor:
    """Gaussian blobs (y, x, sigma, height) on a flat ground of 100 counts, `(1, size, size)`."""
    place = torch.arange(size, dtype=torch.float64)
    image = torch.full((size, size), 100.0, dtype=torch.float64)
    for y, x, sigma, height in blobs:
        image += height * torch.exp(
            -0.5 * ((place[:, None] - y) ** 2 + (place[None, :] - x) ** 2) / sigma**2
        )
    return image[None]


def test_a_blob_is_found_once_with_its_place_sign_and_scale():
    image = picture((20, 30, 2.5, 40), (45, 12, 1.2, -30))
    found = find_features(image, torch.tensor([4.0]))
    order = np.argsort(found.y)
    assert found.y[order].tolist() == [20, 45]
    assert found.x[order].tolist() == [30, 12]
    assert found.scale[order].tolist() == [2.0, 1.0]
    assert np.sign(found.amplitude[order]).tolist() == [1, -1]


def test_a_flat_picture_has_no_feature():
    found = find_features(picture(), LEAST)
    assert len(found) == 0
    assert present(found, picture()).tolist() == []


def test_a_feature_outside_the_mask_is_not_listed():
    image = picture((20, 30, 2, 40), (45, 12, 2, 40))
    mask = torch.ones(64, 64, dtype=torch.bool)
    mask[:40] = False
    assert set(find_features(image, torch.tensor([5.0]), mask).y.tolist()) == {45}


@pytest.mark.parametrize(
    ("blob", "there"),
    [
        ((20, 30, 2, 40), True),
        ((22, 30, 2, 40), True),
        ((21, 31, 2, 40), True),
        ((22, 31, 2, 40), False),  # further than 2 pixels
        ((20, 33, 2, 40), False),
        ((20, 30, 2, 22), True),
        ((20, 30, 2, 18), False),  # less than half as strong
        ((20, 30, 2, -40), False),  # the other sign
    ],
)
def test_presence_is_same_sign_within_two_pixels_and_half_as_strong(blob, there):
    feature = find_features(picture((20, 30, 2, 40)), torch.tensor([8.0]))
    assert len(feature) == 1
    assert present(feature, picture(blob)).tolist() == [there]


def test_a_feature_belongs_to_its_channel():
    both = torch.cat([picture(), picture((20, 30, 2, 40))])
    found = find_features(both, torch.tensor([8.0, 8.0]))
    assert found.channel.tolist() == [1]
    assert present(found, both).tolist() == [True]
    assert present(found, both.flip(0)).tolist() == [False]


def test_the_census_counts_what_samples_lack_and_what_they_have_besides():
    shown = picture((20, 20, 2, 40), (20, 44, 2, 40))
    census = FeatureCensus(shown, torch.tensor([8.0]))
    for k in range(12):
        blobs = [(20, 20, 2, 40)]  # always there; the one at x = 44 only every third time
        blobs += [(20, 44, 2, 40)] if k % 3 == 0 else []
        blobs += [(50, 32, 2, 40)] if k % 2 == 0 else []  # missing in what is shown
        census.add(picture(*blobs))
    counted = census.shown()
    assert counted.samples == 12
    assert dict(zip(counted.features.x.tolist(), counted.absent.tolist(), strict=True)) == {
        20: 0,
        44: 8,
    }
    bits = dict(zip(counted.features.x.tolist(), counted.presence.tolist(), strict=True))
    assert bits == {20: 0b111111111111, 44: 0b001001001001}
    missed = census.missed()
    assert missed.presence.tolist() == [0b010101010000]  # the first four proposed it
    assert (missed.features.y.tolist(), missed.features.x.tolist()) == ([50], [32])
    assert (missed.absent.tolist(), missed.samples) == ([4], 8)


def test_the_census_agrees_with_asking_one_by_one():
    generator = torch.Generator().manual_seed(0)
    shown, *samples = 50 + 10 * torch.randn(8, 2, 48, 40, generator=generator)
    census = FeatureCensus(shown, torch.tensor([3.0, 5.0]))
    for sample in samples:
        census.add(sample)
    one_by_one = sum(~present(census.features, s) for s in samples)
    assert census.shown().absent.tolist() == one_by_one.tolist()
    assert not present(census.missed().features, shown).any()


def test_presence_agrees_with_the_absence_counts_up_to_the_last_sample():
    shown = picture((20, 20, 2, 40), (20, 44, 2, 40))
    census = FeatureCensus(shown, torch.tensor([8.0]))
    for k in range(64):
        census.add(picture(*([(20, 20, 2, 40)] if k == 63 else [])))
    counted = census.shown()
    assert [bin(bits).count("1") for bits in counted.presence.tolist()] == [
        64 - absent for absent in counted.absent.tolist()
    ]
    with pytest.raises(ValueError, match="at most 64"):
        census.add(shown)


def test_missed_features_need_samples_to_ask():
    census = FeatureCensus(picture(), LEAST)
    for _ in range(4):
        census.add(picture())
    with pytest.raises(ValueError, match="more than 4 samples"):
        census.missed()


@pytest.mark.parametrize(("name", "factor"), [("fine", 1), ("binned", 4), ("point", 3), ("psf", 4)])
@pytest.mark.parametrize("scale", SCALES)
def test_visibility_is_the_change_of_the_counts_in_standard_deviations(name, factor, scale):
    model, centre, height = forward_model(name, factor), (85, 98), 50.0
    blob = picture((*centre, 1.6**0.5 * scale, height), size=180) - 100
    found = find_features(blob + 100, torch.tensor([0.2]))
    at_centre = (found.y == centre[0]) & (found.x == centre[1])
    feature = found.where(at_centre)
    if float(feature.scale[0]) != scale:
        pytest.fail(f"the blob was listed at scale {feature.scale[0]}")
    sigma = torch.full(model.expected(blob).shape, 5.0)
    direct = float((model.expected(blob) / 5.0).square().sum().sqrt())
    assert visibility(feature, model, sigma)[0] == pytest.approx(direct, rel=0.1)
