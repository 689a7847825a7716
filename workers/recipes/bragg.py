"""The declaration of `bragg`; its numerics are in `workers/recipes/phasing.py`."""

from typing import Any

from workers.recipes.memory import START, area
from workers.recipes.parameters import Choice, Parameter, Recipe, Values

SECONDS_VOXEL = 1.2e-5  # of a start, one CPU core
BYTES_VOXEL = 150  # of the cube, while one start is phased
BYTES_KEPT = 12  # of the cube, for every start
BYTES_COUNTED = 14  # of a measured pixel
SIDES = (16, 24, 32, 48, 64, 96, 128)
USUAL = 64

SIDE = Parameter(
    name="side",
    title="Side of the cube around the peak, pixels",
    kind="choice",
    default=USUAL,
    choices=tuple(Choice(n, f"{n} × {n} × {n}") for n in SIDES),
    help="The cube must hold every fringe that stands out of the background. A larger one gives "
    "finer voxels of the crystal, and takes longer.",
)
THRESHOLD = Parameter(
    name="threshold",
    title="Counts below this are background",
    kind="number",
    default=3.0,
    minimum=0.0,
    maximum=1e6,
    help="What is below counts as nothing at all, so a high value cuts off fringes and a low one "
    "lets noise into the crystal.",
)
STARTS = Parameter(
    name="starts",
    title="Starts",
    kind="integer",
    default=4,
    minimum=2,
    maximum=16,
    help="Each begins with other random phases. Only what they have in common was measured.",
)


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores; the transforms use one of them."""
    return float(SECONDS_VOXEL * parameters["side"] ** 3 * parameters["starts"])


def memory(parameters: Values, summary: Values) -> float:
    """Bytes at the peak, while a start is phased and the others are kept."""
    counted = summary["frames"] * area(summary["shape"])
    voxel = BYTES_VOXEL + BYTES_KEPT * parameters["starts"]
    return float(START + BYTES_COUNTED * counted + voxel * parameters["side"] ** 3)


def rules(values: Values, summary: Values) -> dict[str, str]:
    """What the parameters must satisfy together."""
    room = _room(summary)
    if values["side"] <= room:
        return {}
    height, width = summary["shape"]
    advice = f"choose {room} or less" if room >= SIDES[0] else "measure more angles"
    return {
        "side": f"A cube of {values['side']} does not fit into {summary['frames']} frames of "
        f"{height} × {width} pixels: {advice}."
    }


def suggestion(summary: Values) -> dict[str, Any]:
    """The largest cube that fits and is quick."""
    fitting = [side for side in SIDES if side <= min(_room(summary), USUAL)]
    return {"side": fitting[-1]} if fitting else {}


def _room(summary: Values) -> int:
    return int(min(summary["frames"], *summary["shape"]))


RECIPE = Recipe(
    name="bragg",
    title="Crystal of a rocking curve",
    version="1",
    description="Finds the shape of a crystal and the strain in it (as phase) from the diffraction "
    "around one Bragg peak, from several starts, and says what they agree on.",
    parameters=(SIDE, THRESHOLD, STARTS),
    module="workers.recipes.phasing",
    seconds=seconds,
    memory=memory,
    rules=rules,
    suggest=suggestion,
    accepts="volume",
)
