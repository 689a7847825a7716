"""The first events counted in other ways: the same events, whatever their order on the plane."""

import json

import numpy as np
import pytest

from tests.benchmarks.calorimeter import RESULT
from tests.factories import event_runs, events
from tests.recipes.test_event_results import shuffled
from workers.events import Events
from workers.physics.calorimeter import planar
from workers.recipes.event_counts import PENALTY, RIGHT, WAYS, counted, summed_up
from workers.recipes.event_planes import Plane
from workers.recipes.event_rows import tables
from workers.recipes.event_sums import MOST


@pytest.fixture(scope="module")
def held() -> Events:
    return events.showers(count=8, seed=4)


def found(held: Events) -> dict[str, np.ndarray]:
    plane = Plane.of(held.geometry)
    batch = event_runs.batch_of(held, plane)
    rows = dict(tables(batch, plane, held.geometry.parent, held.geometry.sigma, event_runs.KNOWN))
    rows["events"] = {f"p{n + 1}": batch.number[:, n] for n in range(MOST)}
    return counted(held, plane, rows)


def test_fit_and_head_count_blurred_truth_about_right(held):
    assert held.truth is not None
    counts = found(held)
    assert set(counts) == set(WAYS)
    number = np.random.default_rng(4).integers(1, MOST + 1, len(held))  # as the factory draws it
    for way in ("fit", "head"):
        assert np.abs(counts[way] - number).mean() < 1
    said = summed_up(counts, 4)
    assert all(sum(way["numbers"]) == len(held) for way in said["ways"])
    assert 0 <= said["alike"] <= said["events"] == len(held)


def test_the_page_quotes_what_was_measured():
    """Shares of right counts are those of `make benchmark-calorimeter`, and the penalty is, too."""
    figures = json.loads(RESULT.read_text())
    keys = {
        "likely": "pn.right",
        "maxima": "count_correct",
        "fit": "template_particles.count_correct",
        "head": "flowhead.samples.count_correct",
    }
    for factor, shares in RIGHT.items():
        assert figures[f"x{factor}.template_fit.penalty"] == PENALTY[factor]
        for way, share in shares.items():
            assert share == pytest.approx(figures[f"x{factor}.{keys[way]}"], abs=5e-4)


def test_maps_and_cells_of_a_plane_undo_each_other():
    geometry, _ = shuffled(planar(4), np.random.default_rng(0))
    plane = Plane.of(geometry)
    cells = np.random.default_rng(1).uniform(size=(2, len(geometry.fine))).astype(np.float32)
    assert np.array_equal(plane.cells(plane.maps(cells)), cells)


def test_an_event_without_energy_has_no_particle_to_fit_or_reconstruct(held):
    empty = Events(
        event=np.arange(2),
        offsets=np.array([0, 0, held.offsets[1]]),
        cell=held.cell[: held.offsets[1]],
        energy=held.energy[: held.offsets[1]],
        geometry=held.geometry,
        truth=held.truth[:2],
    )
    counts = found(empty)
    assert (counts["fit"][0], counts["head"][0]) == (0, 0)
