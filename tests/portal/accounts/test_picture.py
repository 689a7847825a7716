import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from fiducial.accounts import picture
from tests.factories.run_store import draw_specimen, write_run
from workers.store import RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    write_run(tmp_path / "run.zarr", draw_specimen())
    return RunStore(tmp_path / "run.zarr")


def test_picture_hatches_only_what_the_prior_supplied(store: RunStore, tmp_path: Path) -> None:
    window = picture.Window(0, 0, 96, 128)

    picture.paint(store, 0, window, "A drawn specimen.", tmp_path)

    panes = {
        name: imagecodecs.png_decode((tmp_path / f"{name}.png").read_bytes())
        for name in ("measured", "estimate", "invented")
    }
    assert {pane.shape for pane in panes.values()} == {(96, 128, 3)}
    hatched = (panes["invented"] == picture.HATCH).all(axis=-1)
    invented, estimate = (store.window(name, 0, *window) for name in ("invented", "estimate"))
    assert hatched.any()
    assert (np.abs(invented) > 0.2 * estimate)[hatched].all()
    assert (panes["invented"] == panes["estimate"])[~hatched].all()
    assert json.loads((tmp_path / "picture.json").read_text()) == {"caption": "A drawn specimen."}


@pytest.mark.django_db
def test_picture_of_no_run_is_refused() -> None:
    nobody = "00000000-0000-0000-0000-000000000000"

    with pytest.raises(CommandError, match="no finished run"):
        call_command("front_picture", nobody, "Si", "Nothing.")
