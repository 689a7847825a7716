"""What a movie shows at first sight, before anybody turned a knob."""

import h5py
import numpy as np
import pytest

from tests.data import data_path
from tests.factories.movies import FLIPS, flipping, switching
from workers import readers
from workers.readers.summary import summarise
from workers.recipes.unit_glance import glance


def test_a_flipping_unit_is_seen_without_learning() -> None:
    frames, _ = flipping(np.random.default_rng(1))
    seen = glance(frames, {"shape": frames.shape[1:]})
    assert seen["states"]["changes"] == [[flip + 1 for flip in FLIPS]]
    assert "2 states, 3 changes, at frame 10, 18, 25" in seen["words"]
    assert "patches of 38 pixels" in seen["words"]


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((40, 96, 96)),
        np.random.default_rng(0).standard_normal((40, 96, 96)),
        np.ones((1, 9, 9)),
    ],
)
def test_of_frames_that_show_nothing_nothing_is_said(frames: np.ndarray) -> None:
    seen = glance(frames.astype(np.float32), {"shape": frames.shape[1:]})
    assert seen["states"] is None
    assert seen["words"].startswith("Too little was followed")


def test_domains_that_switch_are_places_that_change() -> None:
    frames = switching(np.random.default_rng(0))
    seen = glance(frames, {"shape": frames.shape[1:], "quantity": "PhaseRetrace"})
    assert seen["what"] == "places"
    assert "of them at frame 2" in seen["words"]
    still = np.repeat(frames[:1], 3, axis=0)
    still += np.random.default_rng(1).normal(0, 8, still.shape)
    assert glance(still, {"shape": still.shape[1:], "quantity": "Phase"})["states"]["changed"] == 0


def test_the_flips_of_a_real_trimer_are_seen() -> None:
    path = data_path("microscopy/si-graphene-defect-library/library_refined.h5")
    with h5py.File(path) as file:
        group = file["frames_256"]
        kind, index = group["defect_class"].asstr()[:], group["library_index"][:]
        mine = (kind == "Si3C6") & (index >= 7) & (index <= 77) & ~np.isin(index, [19, 22])
        frames = group["image"][:][mine][np.argsort(index[mine])].astype(np.float32)
    seen = glance(frames, {"shape": frames.shape[1:]})
    assert seen["states"]["changes"] == [[3, 7, 18, 32, 33]]


def test_the_switched_stripe_of_a_real_film_changes_state() -> None:
    folder = data_path("microscopy/pfm-ferroelectric")
    movie = readers.read([folder / f"PZT_final000{n}.h5" for n in (1, 2, 3)], {"content": "movie"})
    seen = glance(movie.values, summarise(movie))
    changed = [frame for track in seen["states"]["changes"] for frame in track]
    assert np.mean(np.array(changed) == 2) > 0.6
    assert 20 <= len(seen["states"]["changes"]) <= 45  # of 100 places; the stripe holds about 28
