"""The declaration of `unit-pathways`; its numerics are in `workers/recipes/pathways.py`."""

from typing import Any

from workers.recipes.memory import START, area
from workers.recipes.parameters import Choice, Parameter, Recipe, Values

SECONDS_MEMBER = 14.0  # two CPU cores, a few hundred units
SECONDS_UNIT = 0.012  # of each member
SECONDS_FRAME = 0.1
BYTES_PIXEL = 30  # of a frame
BYTES_UNIT = 40e3
BYTES_LOOKED = 2.1e6  # a unit of those looked at together, with each mode of its posterior
LOOKED = 512  # as `workers.posteriors.units.posterior`, which imports torch
LEAST_WINDOW = 8  # pixels
SIDE = 24  # pixels of a patch, whatever the window

WHAT = Parameter(
    name="what",
    title="What a unit is",
    kind="choice",
    default="brightest",
    choices=(
        Choice("brightest", "The brightest feature of each frame: one dopant or defect followed"),
        Choice("columns", "Every bright column: atoms of a lattice"),
        Choice("walls", "Points on walls between domains: what a wall looks like, and its turn"),
        Choice("places", "Places side by side: domains that switch, phases that spread"),
    ),
    help="Patches are cut around these places; one unit is followed from frame to frame.",
)
WINDOW = Parameter(
    name="window",
    title="Side of a patch, pixels",
    kind="integer",
    default=64,
    minimum=LEAST_WINDOW,
    maximum=2048,
    help="What lies inside is the unit: small windows show bonds, large ones whole fragments. "
    "Units nearer to the border than half a window are left out.",
)
CLASSES = Parameter(
    name="classes",
    title="Kinds of units",
    kind="choice",
    default=1,
    choices=(
        Choice(1, "one kind"),
        *(Choice(n, f"{n} kinds") for n in range(2, 7)),
        Choice(0, "as many as the classical descriptor tells apart"),
    ),
    help="Kinds differ in what cannot change into another little by little.",
)
ORDER = Parameter(
    name="order",
    title="Turns that leave a unit as it is",
    kind="choice",
    default=0,
    choices=(
        Choice(0, "found from the patches"),
        Choice(1, "none: its angle counts on the full circle"),
        *(Choice(n, f"by {360 // n}°") for n in (2, 3, 4, 6)),
    ),
    help="Angles count modulo that. Say it where you know it: a distorted scan hides it.",
)
COUNTS = Parameter(
    name="counts",
    title="The numbers are counts of electrons or photons",
    kind="boolean",
    default=False,
    help="Then bright pixels have more noise than dark ones, and that is taken into account. "
    "Leave it off for phases, heights and detectors whose gain nobody measured.",
)
LATENTS = Parameter(
    name="latents",
    title="Latent variables",
    kind="integer",
    default=3,
    minimum=1,
    maximum=6,
    help="How many ways a unit of one kind may differ, besides its turn and place.",
)
MEMBERS = Parameter(
    name="members",
    title="Networks",
    kind="integer",
    default=3,
    minimum=2,
    maximum=5,
    help="Each learns from another start; a pathway is shown only where they agree on the states.",
)


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores."""
    member = SECONDS_MEMBER + SECONDS_UNIT * _units(parameters, summary)
    return float(SECONDS_FRAME * len(summary["channels"]) + parameters["members"] * member)


def memory(parameters: Values, summary: Values) -> float:
    """Bytes at the peak: the frames, and what is kept of every unit."""
    pixels = len(summary["channels"]) * area(summary["shape"])
    units = _units(parameters, summary)
    looked = BYTES_LOOKED * min(units, LOOKED)
    return float(START + BYTES_PIXEL * pixels + BYTES_UNIT * units + looked)


def _units(parameters: Values, summary: Values) -> float:
    """How many units a movie may have, over all frames."""
    windows = area(summary["shape"]) / parameters["window"] ** 2
    each = {"brightest": 1, "columns": 8 * windows, "walls": windows, "places": windows}
    return float(len(summary["channels"]) * each[parameters["what"]])


def rules(values: Values, summary: Values) -> dict[str, str]:
    """What the parameters must satisfy together."""
    height, width = summary["shape"]
    if values["what"] == "places" and values["latents"] < 2:
        return {"latents": "Places are told apart by their latents alone: choose 2 or more."}
    if values["window"] >= min(height, width):
        return {
            "window": f"A patch of {values['window']} pixels does not fit into frames of "
            f"{height} × {width}: choose less than {min(height, width)}, best a third of it."
        }
    return {}


def suggestion(summary: Values) -> dict[str, Any]:
    """A window of two fifths of the frame: a defect and what is around it. Phases of a scanning
    probe are of domains, so places side by side, ten along a side.
    """
    side = min(summary["shape"])
    if "phase" in (summary.get("quantity") or "").lower():
        return {"what": "places", "window": max(LEAST_WINDOW, side // 10)}
    return {"window": max(LEAST_WINDOW, round(0.4 * side))}


RECIPE = Recipe(
    name="unit-pathways",
    title="Units and their pathways in a movie",
    version="1",
    description="Finds structural units in every frame, learns what they have in common whichever "
    "way they are turned, and shows the states they are in, when they changed, and how often.",
    parameters=(WHAT, WINDOW, COUNTS, CLASSES, ORDER, LATENTS, MEMBERS),
    module="workers.recipes.pathways",
    seconds=seconds,
    memory=memory,
    rules=rules,
    suggest=suggestion,
    accepts="movie",
)
