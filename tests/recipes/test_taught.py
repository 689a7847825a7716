"""Asking a network that a lab taught: what a run says of it, and what it may not be asked."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save

from tests.recipes.test_xray import CHANNELS, carry_out, coarse_map, parameters
from workers import store
from workers.recipes.catalogue import RECIPES, ParameterErrors
from workers.run import RunError
from workers.training.registry import load_flow

SUMMARY = {
    "channels": CHANNELS,
    "shape": [32, 32],
    "units": "counts",
    "networks": {"one": {"name": "Our olivine", "scale": 2}},
}
ASKED = {"factor": 2, "sampling": "binned"}


@pytest.fixture
def network(tmp_path: Path) -> dict[str, str]:
    """The regression that ships, its first weights moved a little: another network."""
    tensors = {k: v.half().contiguous() for k, v in load_flow(2).regression.state_dict().items()}
    tensors["enter.weight"] = tensors["enter.weight"] * 1.05
    weights = save(tensors)
    (tmp_path / "cell2.safetensors").write_bytes(weights)
    return {
        "name": "Our olivine",
        "file": str(tmp_path / "cell2.safetensors"),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }


def test_a_run_by_a_taught_network_says_so_and_withdraws_its_calibration(tmp_path, network):
    measurement = coarse_map(tmp_path / "m.zarr")
    given = parameters(estimator="flow")
    summary, _ = carry_out(measurement, tmp_path / "own.zarr", given | {"network": network})
    carry_out(measurement, tmp_path / "ships.zarr", given)
    own, ships = (store.RunStore(tmp_path / name) for name in ("own.zarr", "ships.zarr"))
    assert not np.array_equal(own.image("estimate")[:], ships.image("estimate")[:])
    known = {"name": "Our olivine", "sha256": network["sha256"]}
    assert own.provenance["parameters"]["network"] == known
    assert any("“Our olivine”" in sentence for sentence in summary["verdict"])
    assert all("network" in reasons for reasons in summary["withdrawn"].values())
    assert ships.summary["withdrawn"] == {
        element: [reason for reason in reasons if reason != "network"]
        for element, reasons in ships.summary["withdrawn"].items()
    }
    assert str(tmp_path) not in json.dumps(own.attributes)


def test_weights_that_were_changed_are_not_used(tmp_path, network):
    measurement = coarse_map(tmp_path / "m.zarr")
    given = parameters(estimator="flow") | {"network": network}
    Path(network["file"]).write_bytes(b"something else")
    with pytest.raises(RunError, match="not those it was kept with"):
        carry_out(measurement, tmp_path / "r.zarr", given)
    Path(network["file"]).unlink()
    with pytest.raises(RunError, match="no longer in the store"):
        carry_out(measurement, tmp_path / "r.zarr", given)


def test_the_network_that_ships_is_asked_unless_another_is_named():
    recipe = RECIPES["xray-diffusion"]
    assert recipe.clean(ASKED, SUMMARY)["network"] == ""
    assert recipe.clean(ASKED | {"network": "one"}, SUMMARY)["network"] == "one"
    with pytest.raises(ParameterErrors, match="choose a promoted model of this lab"):
        recipe.clean(ASKED | {"network": "other"}, SUMMARY)


@pytest.mark.parametrize("changed", [{"factor": 4}, {"sampling": "point"}])
def test_a_taught_network_is_asked_only_where_it_was_judged(changed):
    with pytest.raises(ParameterErrors, match="judged at ×2 on binned maps"):
        RECIPES["xray-diffusion"].clean(ASKED | {"network": "one"} | changed, SUMMARY)
