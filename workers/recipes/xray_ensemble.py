"""The declaration of `xray-ensemble`; its numerics are in `workers/recipes/xray.py`."""

from typing import Any

from workers.posteriors.tiles import count
from workers.recipes.memory import MapMemory
from workers.recipes.parameters import Choice, Parameter, Recipe, Split, Values
from workers.training.cards import card

MAX_SIDE = 8192  # fine pixels; above this a page cannot show what was computed

# Two CPU cores, five members; per element and 512 × 512 fine pixels at ×4, whose cells are 4 × 4.
SECONDS_ENSEMBLE = 0.8
SECONDS_SAMPLE = 0.06
SECONDS_START = 8.0
# Kept of a pixel are five means and spreads.
MEMORY = MapMemory(pixel=45, cell=0, network=2500, pictures=145, checked=240)

FACTOR = Parameter(
    name="factor",
    title="How much finer",
    kind="choice",
    default=1,
    choices=(
        Choice(1, "×1 · denoise a fine map of short dwell"),
        Choice(2, "×2 · four pixels from one"),
        Choice(4, "×4 · sixteen pixels from one"),
        Choice(8, "×8 · look at the evidence first: most detail is the model's"),
    ),
    help="The grid of the estimate, relative to the measured one.",
)
SAMPLING = Parameter(
    name="sampling",
    title="How a pixel was measured",
    kind="choice",
    default="fine",
    choices=(
        Choice("fine", "Fine map: one short dwell on every pixel of the final grid", "fine"),
        Choice("binned", "Binned: a pixel is the mean over its whole block", "binned"),
        Choice("point", "Point: the beam stood on the first spot of each block", "point"),
        Choice("line", "Line: the beam swept along the row, thin across it", "line"),
        Choice("psf", "Wide beam: blurred by the beam, one spot per block", "psf"),
    ),
    help="Only you know how the beam moved. A wrong answer here costs more than a coarse map: "
    "the run page checks it against the counts and warns.",
)


def _strict_price() -> str:
    """What strict mode cost on the held-out specimens of the card, block averages."""
    figures = {factor: card()["figures"][f"binned.x{factor}"] for factor in (2, 4, 8)}
    lost = {f: each["psnr_db"] - each["strict_psnr_db"] for f, each in figures.items()}
    return ", ".join(f"{decibels:.1f} dB at ×{factor}" for factor, decibels in lost.items())


STRICT = Parameter(
    name="strict",
    title="Force exact agreement with the measured map",
    kind="boolean",
    default=False,
    help="Then binning the estimate returns every measured value to float precision, noise "
    f"included. The price on held-out synthetic maps of every dose: {_strict_price()}; more where "
    "counts are few, next to none where they are many. Left off, the estimate agrees with the map "
    "within its counting noise.",
)
CHANNELS = Parameter(
    name="channels",
    title="Elements",
    kind="channels",
    default=None,
    help="The others still help as context.",
)
SAMPLES = Parameter(
    name="samples",
    title="Posterior samples",
    kind="integer",
    default=16,
    minimum=16,
    maximum=64,
    help="More samples resolve smaller risks; time and disk grow with them.",
)


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores: start, ensemble per cell (2 × 2 at ×1), samples per fine pixel."""
    height, width = summary["shape"]
    tiles = parameters["factor"] ** 2 * height * width / 512**2
    cells = 16 / max(parameters["factor"], 2) ** 2
    each = SECONDS_ENSEMBLE * cells + SECONDS_SAMPLE * parameters["samples"]
    return float(SECONDS_START + each * tiles * len(parameters["channels"]))


def tiles_of(parameters: Values, summary: Values) -> int:
    """How many tiles of cells the networks are asked about, one after the other."""
    height, width = (
        side if parameters["factor"] > 1 else -(-side // 2) for side in summary["shape"]
    )
    return count(height, width)


def split(parameters: Values, summary: Values) -> Split:
    """The networks can be asked tile by tile; samples of an ensemble need the whole map."""
    cells = 16 / max(parameters["factor"], 2) ** 2
    asking, drawing = SECONDS_ENSEMBLE * cells, SECONDS_SAMPLE * parameters["samples"]
    return Split(tiles_of(parameters, summary), asking / (asking + drawing))


def rules(values: Values, summary: Values) -> dict[str, str]:
    """What the parameters must satisfy together."""
    errors: dict[str, str] = {}
    factor, sampling = values["factor"], values["sampling"]
    if factor == 1 and sampling != "fine":
        errors["sampling"] = (
            "At ×1 every pixel of the final grid was measured: choose “Fine map”, "
            "or choose a factor above 1."
        )
    if factor > 1 and sampling == "fine":
        errors["sampling"] = (
            f"At ×{factor} the measured pixels are coarser than the estimate: say how each was "
            "measured (binned, point, line or wide beam), or choose ×1."
        )
    side = factor * max(summary["shape"])
    if side > MAX_SIDE:
        errors["factor"] = (
            f"×{factor} would make a map {side} pixels wide; {MAX_SIDE} is the limit. "
            "Choose a smaller factor or crop the map."
        )
    return errors


def suggestion(summary: Values) -> dict[str, Any]:
    """What a form proposes for this measurement: ×1 for a fine map, ×4 as it was sampled."""
    sampling = summary.get("sampling")
    return {"factor": 4, "sampling": sampling} if sampling not in (None, "fine") else {}


RECIPE = Recipe(
    name="xray-ensemble",
    title="Ensemble posterior of an X-ray map",
    version="1",
    description="Five networks and the counting statistics of your map give a finer estimate, "
    "samples of what else the truth could be, and for each detail who supplied it: "
    "the measurement or the model.",
    parameters=(FACTOR, SAMPLING, CHANNELS, SAMPLES, STRICT),
    module="workers.recipes.xray",
    seconds=seconds,
    memory=MEMORY,
    tile_memory=MEMORY.tile,
    rules=rules,
    suggest=suggestion,
    split=split,
)
