"""Objects that grow while frames join: what is found so far is kept, and more of it is seen."""

import numpy as np
import pytest
import torch

from tests.factories import scans
from workers.posteriors.diffraction.growing import Field, Growing

ACROSS = 9
FRAMES = ACROSS**2


@pytest.fixture(scope="module")
def counted():
    frames, places, probe = scans.counted(across=ACROSS)
    return (
        torch.from_numpy(frames.astype(np.float32)),
        torch.from_numpy(places),
        torch.from_numpy(probe)[0],
    )


def growing(probe, **said) -> Growing:
    return Growing(scans.SIDE, 1, torch.Generator().manual_seed(0), probe=probe, **said)


def test_every_round_takes_what_joined_and_brings_the_object_nearer_to_its_frames(counted):
    frames, places, probe = counted
    grows = growing(probe, planned=places)
    for part in np.array_split(np.arange(FRAMES), 3):
        grows.join(frames[part], places[part])
        grows.round()
    assert grows.count == FRAMES
    before = grows.now.amplitude_error()
    assert before < 0.02
    assert grows.settle(8).amplitude_error() < before / 2


def test_a_field_whose_size_was_not_known_grows_and_keeps_what_was_found(counted):
    frames, places, probe = counted
    grows = growing(probe)
    half = places[:, 0] > places[:, 0].median()
    grows.join(frames[half], places[half])
    grows.round()
    small, first = grows.now.object.clone(), grows.field
    grows.join(frames[~half], places[~half])  # above what was seen: the field grows upwards
    scan = grows._scan()
    row, column = (first.first[axis] - grows.field.first[axis] for axis in (0, 1))
    assert row > 0
    kept = grows.now.object[row : row + first.shape[0], column : column + first.shape[1]]
    torch.testing.assert_close(kept, small)
    assert scan.shape == grows.field.shape == grows.light.shape


def test_frames_in_another_order_show_the_same_object(counted):
    frames, places, probe = counted
    shown = []
    for order in (np.arange(FRAMES), np.random.default_rng(1).permutation(FRAMES)):
        grows = growing(probe, planned=places)
        for part in np.array_split(order, 3):
            grows.join(frames[part], places[part])
            grows.round()
        grows.settle(10)
        x, lit = grows.shown()
        shown.append((x, lit))
    (one, lit), (other, _) = shown
    phases = [each.angle()[lit].numpy() for each in (one, other)]
    assert np.corrcoef(phases)[0, 1] > 0.97


def test_what_no_frame_saw_is_not_lit(counted):
    frames, places, probe = counted
    grows = growing(probe, planned=places)
    left = places[:, 1] < places[:, 1].median()
    grows.join(frames[left], places[left])
    grows.round()
    _, lit = grows.shown()
    columns = lit.any(dim=0).nonzero()
    assert int(columns.max()) < lit.shape[1] - scans.SIDE // 4


def test_fields_join_to_the_smallest_that_holds_both():
    one, other = Field((0, 5), (10, 10)), Field((-3, 8), (4, 20))
    assert one.joined(other) == Field((-3, 5), (13, 23))
