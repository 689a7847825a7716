"""The declaration of `xray-diffusion`; its numerics are in `workers/recipes/xray_flow.py`."""

from dataclasses import replace

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
SECONDS_REGRESSION = 0.16
SECONDS_SAMPLE = 0.2
SECONDS_START = 8.0

# At ×8 the regression explains too little for its residuals to be worth learning.
FACTORS = replace(FACTOR, choices=tuple(one for one in FACTOR.choices if one.value != 8))

ESTIMATOR = Parameter(
    name="estimator",
    title="What draws the samples",
    kind="choice",
    default="flow",
    choices=(
        Choice("flow", "Null-space flow: only what your instrument cannot see is imagined"),
        Choice(
            "latent", "Latent diffusion, literally: a picture is compressed, imagined, restored"
        ),
    ),
    help="The second is what the name usually means. It is here for comparison, at ×4 only: on "
    "held-out maps its samples were a little further from the truth.",
)


def diffusion_rules(values: Values, summary: Values) -> dict[str, str]:
    """The rules of the ensemble, and where the literal model can answer."""
    errors = rules(values, summary)
    if values["estimator"] == "latent" and values["factor"] != 4:
        errors["estimator"] = (
            "The literal latent diffusion model was trained at ×4 only: choose ×4, or the "
            "null-space flow."
        )
    return errors


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores: start, regression and flow per cell (2 × 2 at ×1)."""
    height, width = summary["shape"]
    tiles = parameters["factor"] ** 2 * height * width / 512**2
    cells = 16 / max(parameters["factor"], 2) ** 2
    each = cells * (SECONDS_REGRESSION + SECONDS_SAMPLE * parameters["samples"])
    return float(SECONDS_START + each * tiles * len(parameters["channels"]))


RECIPE = Recipe(
    name="xray-diffusion",
    title="Latent diffusion of an X-ray map",
    version="1",
    description="One network estimates what your map shows; a diffusion model then imagines, in "
    "the detail that your instrument could not see, what else the truth could be. The estimate is "
    "there in seconds, samples follow one by one, and each agrees with your counts.",
    parameters=(FACTORS, SAMPLING, ESTIMATOR, CHANNELS, SAMPLES, STRICT),
    module="workers.recipes.xray_flow",
    seconds=seconds,
    rules=diffusion_rules,
    suggest=suggestion,
)
