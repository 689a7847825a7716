"""Simulated showers of the field's HDF5 formats are measured as a coarser calorimeter would."""

import numpy as np
import pytest

from tests.factories import event_files
from workers.physics.calorimeter import neighbours
from workers.readers import ReadError
from workers.readers.calorimeter import read_paths


def sums(events) -> np.ndarray:
    parents = events.geometry.parent
    return np.stack([np.bincount(parents, row) for row in events.truth])


@pytest.mark.parametrize(
    ("make", "fine", "coarse"),
    [
        (event_files.calogan, 504, {2: 2 * 48 + 36 + 18, 4: 24 + 9 + 6}),
        (event_files.calochallenge, 6480, {2: 45 * 8 * 5, 4: 45 * 4 * 3}),
    ],
)
@pytest.mark.parametrize("factor", [2, 4])
def test_kept_cells_are_the_sums_of_the_showers_with_noise(make, fine, coarse, factor, tmp_path):
    found = read_paths([make(tmp_path / "s.h5")], {"factor": factor})
    assert len(found.geometry.fine) == fine
    assert len(found.geometry.coarse) == coarse[factor]
    energies, kept = found.dense()
    misfit = (energies - sums(found))[kept]
    assert np.abs(misfit).max() < 5.5 * 20
    assert misfit.std() == pytest.approx(20, rel=0.25)
    assert sums(found)[kept].sum() > 0.9 * found.truth.sum()
    assert "simulated showers without noise" in found.problems[0].what


def test_rings_close_around_the_beam(tmp_path):
    found = read_paths([event_files.calochallenge(tmp_path / "s.h5")], {"factor": 4})
    assert found.geometry.frame == "polar"
    touching = neighbours(found.geometry.coarse, found.geometry.frame)
    first, last = 0, 3 * 3  # the inmost cells at the first and the last of four angles
    assert touching[[first], [last]] == 1


def test_the_noise_that_is_told_is_drawn(tmp_path):
    path = event_files.calogan(tmp_path / "s.h5")
    quiet = read_paths([path], {"sigma_mev": 1.0})
    energies, kept = quiet.dense()
    assert np.abs((energies - sums(quiet))[kept]).max() < 5.5
    again = read_paths([path], {"sigma_mev": 1.0})
    assert np.array_equal(quiet.energy, again.energy)


@pytest.mark.parametrize(
    ("make", "changed", "said"),
    [
        ("calogan", {"layer_1": np.full((12, 12, 12), np.nan)}, "is no number"),
        ("calogan", {"layer_1": np.ones((12, 10, 12))}, "The layers of CaloGAN have"),
        ("calogan", {"layer_1": np.ones((5, 12, 12))}, "different numbers of events: [5, 12]"),
        ("calogan", {f"layer_{i}": np.ones((0, 2, 2)) for i in range(3)}, "no event"),
        ("calogan", {"energy": np.full((12, 1), 3e7)}, "times the energy of its particle"),
        ("calochallenge", {"showers": np.ones((6, 368))}, "An event has 368 voxels"),
        ("calochallenge", {"incident_energies": np.full((6, 1), 60.0)}, "times the energy of its"),
    ],
)
def test_a_fault_in_a_file_of_showers_gets_a_sentence(make, changed, said, tmp_path):
    path = getattr(event_files, make)(tmp_path / "s.h5", **changed)
    with pytest.raises(ReadError) as refused:
        read_paths([path], {})
    assert said in str(refused.value)


def test_showers_that_drown_in_the_noise_are_refused(tmp_path):
    with pytest.raises(ReadError, match="stands out of a noise"):
        read_paths([event_files.calogan(tmp_path / "s.h5", count=2)], {"sigma_mev": 1e6})


def test_two_sets_of_events_are_refused(tmp_path):
    paths = [event_files.calogan(tmp_path / f"{name}.h5") for name in "ab"]
    with pytest.raises(ReadError, match="several sets of events"):
        read_paths(paths, {})


def test_other_hdf5_is_left_to_other_readers(tmp_path):
    path = event_files.write_hdf5(tmp_path / "m.h5", {"map": np.ones((4, 4))})
    assert read_paths([path], {}) is None
