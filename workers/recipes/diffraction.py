"""The declaration of `diffraction`; its numerics are in `workers/recipes/reconstructing.py`."""

from workers.recipes.memory import START, area
from workers.recipes.parameters import Choice, Parameter, Recipe, Values

SECONDS_PIXEL = 6e-8  # of a frame and mode, in one pass
PASSES_SAMPLE = 45  # what a sample takes, in passes of the solver
PASSES_MODE = 130  # of polishing all frames and both halves, and to the mode
BYTES_PIXEL = 26  # of a frame and mode, while samples are drawn
BYTES_FRAME_PIXEL = 40
BYTES_OBJECT = 900  # a pixel of the object: all bands of the prior, and samples

MODES = Parameter(
    name="modes",
    title="Probe modes",
    kind="choice",
    default=3,
    choices=(
        Choice(1, "one: the beam is fully coherent"),
        *(Choice(n, f"{n} modes that do not interfere") for n in range(2, 6)),
    ),
    help="Real beams are partly coherent. Frames that are left out tell whether more modes help.",
)
EPOCHS = Parameter(
    name="epochs",
    title="Passes over all frames",
    kind="integer",
    default=60,
    minimum=5,
    maximum=500,
    help="Take more where the curve of the misfit still falls at its end.",
)
SAMPLES = Parameter(
    name="samples",
    title="Posterior samples",
    kind="integer",
    default=16,
    minimum=8,
    maximum=64,
    help="Objects that agree with the counts as well as noise allows; intervals and risks are "
    "read off them.",
)
HELD = Parameter(
    name="held",
    title="Frames left out, percent",
    kind="number",
    default=5.0,
    minimum=1.0,
    maximum=30.0,
    help="They have no part in the reconstruction and judge it.",
)
CROP = Parameter(
    name="crop",
    title="Side of the part of a frame that is used, pixels (0: all)",
    kind="integer",
    default=0,
    minimum=0,
    maximum=512,
    help="Far field only. A smaller middle is faster and gives larger pixels of the object.",
)
PLACES = Parameter(
    name="places",
    title="Correct the places of the frames",
    kind="boolean",
    default=False,
    help="Helps where the stage was off by a pixel or more. Elsewhere it fits noise: compare the "
    "frames left out with and without.",
)


def _side(parameters: Values, summary: Values) -> int:
    return int(parameters["crop"] or summary["shape"][0])


def _pixels(parameters: Values, summary: Values) -> float:
    """Pixels of all frames, for every mode."""
    side = _side(parameters, summary)
    return float(summary["frames"] * side * side * parameters["modes"])


def _field(parameters: Values, summary: Values) -> float:
    """Pixels of the object."""
    side = _side(parameters, summary)
    share = side / summary["shape"][0]
    return area([share * span + side + 8 for span in summary["span_px"]])


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores: the object, its two halves, and the samples."""
    passes = 2 * parameters["epochs"] + PASSES_MODE + PASSES_SAMPLE * parameters["samples"]
    return float(SECONDS_PIXEL * _pixels(parameters, summary) * passes)


def memory(parameters: Values, summary: Values) -> float:
    """Bytes at the peak, while samples are drawn."""
    frames = summary["frames"] * _side(parameters, summary) ** 2
    return float(
        START
        + BYTES_PIXEL * _pixels(parameters, summary)
        + BYTES_FRAME_PIXEL * frames
        + BYTES_OBJECT * _field(parameters, summary)
    )


def rules(values: Values, summary: Values) -> dict[str, str]:
    """What the parameters must satisfy together."""
    side, crop = summary["shape"][0], values["crop"]
    if crop and summary.get("propagation") == "near":
        return {"crop": "Near-field frames show the object itself: leave them whole (0)."}
    if crop and not 16 <= crop <= side:
        return {"crop": f"Frames have {side} × {side} pixels: use 16 to {side} of them, or 0."}
    return {}


RECIPE = Recipe(
    name="diffraction",
    title="Object and probe of a diffraction scan",
    version="1",
    description="Finds the complex object and the probe's modes from overlapping diffraction "
    "frames, with posterior samples of amplitude and phase, judged by frames left out.",
    parameters=(MODES, EPOCHS, SAMPLES, HELD, CROP, PLACES),
    module="workers.recipes.reconstructing",
    seconds=seconds,
    memory=memory,
    rules=rules,
    accepts="scan",
)
