"""The declaration of `diffraction-live`; its numerics are in `workers/recipes/growing.py`."""

from workers.recipes.memory import START
from workers.recipes.parameters import Choice, Parameter, Recipe, Values

SECONDS_PIXEL = 2e-7  # of a frame and mode, from when it arrives to the last passes over all
BYTES_PIXEL = 12  # of a frame: as it is kept, and once more while others join

MODES = Parameter(
    name="modes",
    title="Probe modes",
    kind="choice",
    default=1,
    choices=(
        Choice(1, "one: the fastest"),
        *(Choice(n, f"{n} modes that do not interfere") for n in (2, 3)),
    ),
    help="More modes show more, and take as many times longer.",
)
SIDE = Parameter(
    name="side",
    title="Side of the part of a frame that is used, pixels (0: all)",
    kind="integer",
    default=64,
    minimum=0,
    maximum=512,
    help="A smaller middle is faster and gives larger pixels of the object.",
)


def used(parameters: Values, summary: Values) -> int:
    """Pixels along the side of a frame that are used."""
    whole = int(summary["shape"][0])
    return min(int(parameters["side"]) or whole, whole)


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds of computing on two CPU cores; what the detector takes comes on top of it."""
    pixels = summary["frames"] * used(parameters, summary) ** 2
    return float(SECONDS_PIXEL * pixels * parameters["modes"] * 20)


def memory(parameters: Values, summary: Values) -> float:
    """Bytes at the peak, when every planned frame has arrived."""
    return float(START + BYTES_PIXEL * summary["frames"] * used(parameters, summary) ** 2)


RECIPE = Recipe(
    name="diffraction-live",
    title="Preview of a diffraction scan while its frames arrive",
    version="1",
    description="Shows the object as it grows, from the frames that have arrived so far. It says "
    "nothing of what is certain: run the closed scan for that.",
    parameters=(MODES, SIDE),
    module="workers.recipes.growing",
    seconds=seconds,
    memory=memory,
    accepts="live",
    makes="preview",
)
