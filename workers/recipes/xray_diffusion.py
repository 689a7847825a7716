"""The declaration of `xray-diffusion`; its numerics are in `workers/recipes/xray_flow.py`."""

from dataclasses import replace

from workers.recipes.memory import MapMemory
from workers.recipes.parameters import Choice, Parameter, Recipe, Split, Values
from workers.recipes.xray_ensemble import (
    CHANNELS,
    FACTOR,
    SAMPLES,
    SAMPLING,
    STRICT,
    rules,
    suggestion,
    tiles_of,
)

# Two CPU cores; per element and 512 × 512 fine pixels at ×4, whose cells are 4 × 4.
SECONDS_REGRESSION = 0.16
SECONDS_SAMPLE = 0.2
SECONDS_START = 8.0
# Kept of a cell is what conditions the flow, 48 features.
MEMORY = MapMemory(pixel=8, cell=192, network=2600, pictures=225, checked=210)
SHARE_TILES = 0.75  # of the time of a run, that regression and flow take

# At ×8 the regression explains too little for its residuals to be worth learning.
GUIDED_FACTOR = 4  # the guide network was trained for cells of 4 × 4
SECONDS_GUIDE = 8.0  # registering it three times and trying it, per 512 × 512 fine pixels

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

GUIDE = Parameter(
    name="guide",
    title="Let the electron image help to place boundaries",
    kind="boolean",
    default=False,
    help="Only at ×4, with an electron image at least four times as fine as the maps. It is "
    "aligned to the maps first, then tried on this very map one level coarser; elements that it "
    "does not help there are left alone, and the run says which. Detail taken from the electron "
    "image is not X-ray signal: use it where you trust that both show the same boundaries.",
)


NETWORK = Parameter(
    name="network",
    title="Whose network",
    kind="network",
    default="",
    help="A model of your lab was judged on block averages at one factor, and there alone it can "
    "be asked. Nobody calibrated it: the run says so, and withdraws its calibration. What a lesson "
    "is still teaching is waited for.",
)


def diffusion_rules(values: Values, summary: Values) -> dict[str, str]:
    """The rules of the ensemble, and where the literal model can answer."""
    errors = rules(values, summary)
    if values["estimator"] == "latent" and values["factor"] != 4:
        errors["estimator"] = (
            "The literal latent diffusion model was trained at ×4 only: choose ×4, or the "
            "null-space flow."
        )
    if values["guide"]:
        errors |= _guide_rules(values, summary)
    if values["network"]:
        errors |= _network_rules(values, summary["networks"][values["network"]]["scale"])
    return errors


def _network_rules(values: Values, scale: int) -> dict[str, str]:
    """Where a taught network can answer: where it was judged."""
    asked = (values["factor"], values["sampling"], values["estimator"], values["guide"])
    if asked == (scale, "binned", "flow", False):
        return {}
    return {
        "network": f"This model was judged at ×{scale} on binned maps, with the null-space flow "
        "and without an electron image: choose those, or the network that ships."
    }


def _guide_rules(values: Values, summary: Values) -> dict[str, str]:
    """Where an electron image can help."""
    fine = summary.get("guide_factor") or 1
    if not summary.get("has_guide"):
        reason = "This measurement has no electron image: run without it."
    elif values["factor"] != GUIDED_FACTOR or values["estimator"] != "flow":
        reason = (
            "The electron image helps the null-space flow at ×4 only: choose both, or leave it."
        )
    elif values["sampling"] == "psf":
        reason = "The electron image cannot help where a wide beam blurred the map: leave it off."
    elif fine % GUIDED_FACTOR:
        reason = (
            f"The electron image is {fine} times as fine as the maps; to help at ×4 it must be "
            "four or eight times as fine. Run without it, or upload a finer image."
        )
    else:
        return {}
    return {"guide": reason}


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores: start, regression and flow per cell (2 × 2 at ×1)."""
    height, width = summary["shape"]
    tiles = parameters["factor"] ** 2 * height * width / 512**2
    cells = 16 / max(parameters["factor"], 2) ** 2
    each = cells * (SECONDS_REGRESSION + SECONDS_SAMPLE * parameters["samples"])
    guide = SECONDS_GUIDE * tiles if parameters["guide"] else 0.0
    return float(SECONDS_START + each * tiles * len(parameters["channels"]) + guide)


def split(parameters: Values, summary: Values) -> Split:
    """The null-space flow asks and draws tile by tile. Other estimators, and the guide, which is
    aligned to the whole map first, do not."""
    if parameters["estimator"] != "flow" or parameters["guide"]:
        return Split(1, 0.0)
    return Split(tiles_of(parameters, summary), SHARE_TILES)


RECIPE = Recipe(
    name="xray-diffusion",
    title="Latent diffusion of an X-ray map",
    version="1",
    description="One network estimates what your map shows; a diffusion model then imagines, in "
    "the detail that your instrument could not see, what else the truth could be. The estimate is "
    "there in seconds, samples follow one by one, and each agrees with your counts.",
    parameters=(FACTORS, SAMPLING, ESTIMATOR, NETWORK, GUIDE, CHANNELS, SAMPLES, STRICT),
    module="workers.recipes.xray_flow",
    seconds=seconds,
    memory=MEMORY,
    tile_memory=MEMORY.tile,
    rules=diffusion_rules,
    suggest=suggestion,
    split=split,
)
