"""Finer events as parquet and ROOT come back as they were written."""

import numpy as np
import pytest

from workers.physics.calorimeter import planar
from workers.writers import event_columns
from workers.writers.events import FineEvents

pytest.importorskip("pyarrow")
uproot = pytest.importorskip("uproot")


@pytest.fixture
def answer() -> FineEvents:
    rng, geometry = np.random.default_rng(0), planar(4)
    samples = rng.exponential(50, (3, 4, len(geometry.fine))).astype(np.float32)
    samples[:, :, 40:] = 0
    samples[1] = 0
    particles = {name: rng.uniform(size=3) for name in ("x", "y", "energy", "risk")}
    return FineEvents(
        event=np.array([9, 4, 6]),
        samples=samples,
        number=rng.dirichlet(np.ones(6), 3).astype(np.float32),
        particles={"event": np.array([6, 9, 6]), **particles},
        geometry=geometry,
    )


def test_parquet_holds_every_sample_by_the_number_of_its_event(answer, tmp_path):
    from pyarrow import parquet

    event_columns.write_parquet(tmp_path / "out", answer)
    cells = parquet.read_table(tmp_path / "out" / "cells.parquet").to_pydict()
    assert set(cells["event"]) == {9, 6}
    assert cells["s3"][:40] == pytest.approx(answer.samples[0, 3, :40].tolist())
    number = parquet.read_table(tmp_path / "out" / "number.parquet").to_pydict()
    assert number["event"] == [9, 4, 6]
    assert number["p2"] == pytest.approx(answer.number[:, 2].tolist())
    particles = parquet.read_table(tmp_path / "out" / "particles.parquet").to_pydict()
    assert particles["risk"] == pytest.approx(answer.particles["risk"].tolist())


def test_the_friend_tree_has_an_entry_for_each_event_in_their_order(answer, tmp_path):
    event_columns.write_root(tmp_path / "friend.root", answer)
    with uproot.open(tmp_path / "friend.root") as file:
        tree = file[event_columns.TREE].arrays()
    assert tree["event"].tolist() == [9, 4, 6]
    assert [len(cells) for cells in tree["cells_cell"]] == [40, 0, 40]
    mean = answer.samples[2].mean(axis=0)[:40].tolist()
    assert tree["cells_mean"][2].tolist() == pytest.approx(mean)
    assert tree["particle_risk"][2].tolist() == pytest.approx(
        answer.particles["risk"][[0, 2]].tolist()
    )
    assert tree["particle_x"][0].tolist() == pytest.approx(answer.particles["x"][[1]].tolist())
    with pytest.raises(FileExistsError):
        event_columns.write_root(tmp_path / "friend.root", answer)
