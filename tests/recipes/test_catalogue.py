"""What recipes ask for, and how they say that a value does not fit."""

import os
import subprocess
import sys

import pytest

from tests.data import ROOT
from workers.recipes.catalogue import RECIPES, Choice, Parameter, ParameterErrors

XRAY = RECIPES["xray-ensemble"]
SUMMARY = {"channels": ["Si", "Fe", "Ca"], "shape": [128, 128], "sampling": "binned"}
COARSE = {"factor": 4, "sampling": "binned"}


def clean(**values: object) -> dict[str, object]:
    return XRAY.clean(values, SUMMARY)


def faults(**values: object) -> dict[str, str]:
    with pytest.raises(ParameterErrors) as caught:
        clean(**values)
    return caught.value.errors


def test_defaults_denoise_every_element_of_a_fine_map():
    assert clean() == {
        "factor": 1, "sampling": "fine", "channels": ["Si", "Fe", "Ca"], "samples": 16,
        "strict": False,
    }  # fmt: skip


def test_values_of_a_form_and_of_json_come_out_the_same():
    form = clean(factor="4", sampling="binned", samples="32", strict="on", channels=["Fe", "Si"])
    json = clean(factor=4, sampling="binned", samples=32, strict=True, channels=["Si", "Fe"])
    assert form == json
    assert form["channels"] == ["Si", "Fe"]


@pytest.mark.parametrize(
    ("values", "name", "sentence"),
    [
        ({"factor": 3}, "factor", "“3” is not a choice; choose one of 1, 2, 4, 8."),
        ({"samples": 8}, "samples", "8 is outside the range from 16 to 64."),
        ({"samples": "many"}, "samples", "“many” is not a number."),
        ({"samples": 16.5}, "samples", "“16.5” is not a whole number."),
        ({"samples": float("nan")}, "samples", "nan is outside the range"),
        ({"strict": "perhaps"}, "strict", "“perhaps” is neither yes nor no."),
        ({"channels": ["Xx"]}, "channels", "Xx was not measured; there are Si, Fe, Ca."),
        ({"channels": []}, "channels", "choose at least one."),
        ({"channels": "Si"}, "channels", "give a list of element names"),
        ({"colour": "red"}, "colour", "has no parameter “colour”"),
        ({"sampling": "binned"}, "sampling", "At ×1 every pixel of the final grid was measured"),
        ({"factor": 2}, "sampling", "At ×2 the measured pixels are coarser than the estimate"),
    ],
)
def test_what_does_not_fit_is_said_at_the_parameter(values, name, sentence):
    assert sentence in faults(**values)[name]


def test_every_fault_is_named_at_once():
    assert set(faults(factor=3, samples=1, colour="red")) == {"factor", "samples", "colour"}


def test_a_map_that_would_become_too_large_is_refused():
    with pytest.raises(ParameterErrors, match="×8 would make a map 16384 pixels wide"):
        XRAY.clean({"factor": 8, "sampling": "point"}, {**SUMMARY, "shape": [64, 2048]})


def test_a_number_may_have_one_end():
    positive = Parameter("width", "Width", "number", default=1, minimum=0)
    assert positive.clean("2.5", {}) == 2.5
    with pytest.raises(ValueError, match="Width: -1 is outside the range from 0"):
        positive.clean(-1, {})


def test_cost_grows_with_elements_samples_and_area():
    small = XRAY.cost(clean(**COARSE), SUMMARY)
    assert XRAY.cost(clean(**COARSE, samples=64), SUMMARY) > small
    assert XRAY.cost(clean(**COARSE, channels=["Si"]), SUMMARY) < small
    assert XRAY.cost(clean(factor=2, sampling="binned"), SUMMARY) < small


def test_the_way_a_map_was_sampled_is_proposed():
    assert XRAY.suggest(SUMMARY) == {"factor": 4, "sampling": "binned"}
    assert XRAY.suggest({**SUMMARY, "sampling": "fine"}) == {}
    assert XRAY.suggest({**SUMMARY, "sampling": None}) == {}


def test_every_choice_of_sampling_has_a_drawing():
    sampling = next(one for one in XRAY.parameters if one.name == "sampling")
    pictures = ROOT / "templates" / "runs" / "pictures"
    assert all(
        (pictures / f"{Choice(*choice).picture}.svg").exists() for choice in sampling.choices
    )


def test_a_facility_adds_recipes_by_naming_their_modules():
    script = "from workers.recipes.catalogue import RECIPES; print(*RECIPES)"
    said = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "FIDUCIAL_RECIPES": "tests.recipes.toy", "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [
        "xray-ensemble",
        "xray-diffusion",
        "xray-variational",
        "unit-pathways",
        "diffraction",
        "diffraction-live",
        "calorimeter",
        "bragg",
        "teach",
        "toy",
    ]


def test_the_catalogue_needs_no_torch():
    script = "import sys, workers.recipes.catalogue, workers.run; print('torch' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"
