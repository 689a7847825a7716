"""The declaration of `calorimeter`; its numerics are in `workers/recipes/event_refining.py`."""

from workers.recipes.memory import START
from workers.recipes.parameters import Choice, Parameter, Recipe, Values

FACTORS = (2, 4)  # children along the side of a cell, for which there are networks
LAYERS = 3
SECONDS_EVENT = 0.02  # on two CPU cores: the estimate, from eight sides
SECONDS_STEP = 0.0012  # of a sample of an event
SECONDS_START = 12.0  # loading, and the showers that events are compared with
COUNTED = 64  # the first events, whose particles are counted in other ways, too
SECONDS_FIT = 0.3  # of one of them: the template fit
SECONDS_HEAD = 0.006  # of a sample of one of them: the learned reconstruction
BYTES_ROW = 4.0  # of a fine cell of a kept one, in one sample
BATCH = 64  # events at once; as `workers.posteriors.calorimeter`, which imports torch
COPIES = 6  # of a sample of a batch, while networks draw it
WRITTEN = 7  # copies of a row, while files for others are written
LIBRARIES = 60e6  # bytes of what writes ROOT and parquet

SAMPLES = Parameter(
    name="samples",
    title="Samples",
    kind="integer",
    default=16,
    minimum=8,
    maximum=64,
    help="Fine events drawn for each measured one; P(N), risks and intervals come from them.",
)
STEPS = Parameter(
    name="steps",
    title="Steps from noise to a sample",
    kind="choice",
    default=10,
    choices=(
        Choice(5, "5: quick"),
        Choice(10, "10: as calibrated"),
        Choice(20, "20: finer, twice as slow"),
    ),
    help="Intervals and risks were calibrated with 10.",
)

DISTANCE = Parameter(
    name="distance_mm",
    title="Distance of the collision (mm)",
    kind="number",
    default=0.0,
    minimum=0.0,
    maximum=1e5,
    help="How far before the cells, on their axis, the particles came from. With it pairs have an "
    "invariant mass: a peak at 135 MeV, the π⁰, is a check that needs no truth. 0: not known.",
)


def factor_of(summary: Values) -> int:
    """Children along the side of a cell; 0 where they are no square of one of FACTORS."""
    return next((k for k in FACTORS if k * k * summary["cells"] == summary["fine_cells"]), 0)


def rules(values: Values, summary: Values) -> dict[str, str]:
    """What the calorimeter must be for the networks to know it."""
    if summary["frame"] != "plane" or len(summary["layers"]) != LAYERS:
        return {
            "recipe": "The networks know planes of three layers, with cells in mm; these events "
            f"have {len(summary['layers'])} layers. No network was taught for such a calorimeter."
        }
    if not factor_of(summary):
        share = summary["fine_cells"] / summary["cells"]
        return {
            "recipe": "The networks divide a cell into 2 × 2 or 4 × 4; here a cell has "
            f"{share:.3g} finer ones. Leave finer cells out of the table, or choose how cells are "
            "divided on the page of the measurement."
        }
    return {}


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores."""
    each = SECONDS_EVENT + SECONDS_STEP * parameters["samples"] * parameters["steps"]
    counted = min(summary["events"], COUNTED)
    counting = counted * (SECONDS_FIT + SECONDS_HEAD * parameters["samples"])
    return float(SECONDS_START + each * summary["events"] + counting)


def memory(parameters: Values, summary: Values) -> float:
    """Bytes at the peak: while the last batch is drawn, or while the files are written."""
    children = summary["fine_cells"] / summary["cells"]
    rows = summary["kept"]["median"] * summary["events"] * children
    drawing = 2 * rows + COPIES * BATCH * summary["fine_cells"]
    writing = WRITTEN * rows + summary["events"] * summary["fine_cells"]
    each = BYTES_ROW * parameters["samples"]
    return float(START + max(each * drawing, LIBRARIES + each * writing))


RECIPE = Recipe(
    name="calorimeter",
    title="Finer cells of calorimeter events",
    version="1",
    description="Divides the energy of every cell among finer ones, many times over, so that each "
    "sample agrees with what was measured; tells how many particles there are and how likely, and "
    "of each one seen how likely it is a hallucination.",
    parameters=(SAMPLES, STEPS, DISTANCE),
    module="workers.recipes.event_refining",
    seconds=seconds,
    memory=memory,
    rules=rules,
    accepts="events",
)
