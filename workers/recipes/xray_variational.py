"""The declaration of `xray-variational`; its numerics are in `workers/recipes/xray_layers.py`."""

from dataclasses import replace

from workers.recipes.memory import MapMemory
from workers.recipes.parameters import Choice, Parameter, Recipe, Values
from workers.recipes.xray_ensemble import (
    CHANNELS,
    FACTOR,
    SAMPLES,
    SAMPLING,
    STRICT,
    rules,
    suggestion,
)

# Two CPU cores; per element and 512 × 512 fine pixels at ×4, whose cells are 4 × 4.
SECONDS_REGRESSION = 0.2
SECONDS_DRAW = 0.06  # a set of weights asked of the features that were kept
SECONDS_START = 8.0
# Kept of a cell are twice 64 features, half precision.
MEMORY = MapMemory(pixel=16, cell=256, network=2500, pictures=145, checked=240)
DRAWS = 16  # sets of weights from which a spread is computed, before any sample

# At ×8 the regression explains too little for the doubt of its last layers to matter.
FACTORS = replace(FACTOR, choices=tuple(one for one in FACTOR.choices if one.value != 8))

ESTIMATOR = Parameter(
    name="estimator",
    title="What is not known of the network",
    kind="choice",
    default="variational",
    choices=(
        Choice(
            "variational",
            "Low-rank Gaussian: a distribution over its last layers, fitted with Pyro",
        ),
        Choice("dropout", "MC dropout: features that fall silent at random, for comparison"),
    ),
    help="Both keep one network and vary what it makes of what it has seen. A Gaussian without "
    "correlations (mean field) is not offered: on a problem whose answer is known its 90 % "
    "intervals held the truth 69 times of 100, where those of the low-rank one held it 88 times.",
)


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores: start, regression, and every set of weights per cell."""
    height, width = summary["shape"]
    tiles = parameters["factor"] ** 2 * height * width / 512**2
    cells = 16 / max(parameters["factor"], 2) ** 2
    each = cells * (SECONDS_REGRESSION + SECONDS_DRAW * (DRAWS + parameters["samples"]))
    return float(SECONDS_START + each * tiles * len(parameters["channels"]))


RECIPE = Recipe(
    name="xray-variational",
    title="Variational posterior of an X-ray map",
    version="1",
    description="One network whose last layers are not fixed but distributed: each sample asks "
    "another set of weights that the training leaves possible. A second opinion on the ensemble, "
    "at the price of one network.",
    parameters=(FACTORS, SAMPLING, ESTIMATOR, CHANNELS, SAMPLES, STRICT),
    module="workers.recipes.xray_layers",
    seconds=seconds,
    memory=MEMORY,
    rules=rules,
    suggest=suggestion,
)
