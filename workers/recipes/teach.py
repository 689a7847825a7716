"""The declaration of `teach`; its numerics are in `workers/recipes/teaching.py`."""

from workers.recipes.memory import START, area
from workers.recipes.parameters import Choice, Parameter, Recipe, Values

CROP_CELLS = 32  # the side of the smallest map that can be taught with, in cells
STEPS = 200
CARD, CURVE = "card.json", "curve.csv"  # in the store of a run: figures, and loss by step

# Two CPU cores; per element.
SECONDS_STEP = 0.03
SECONDS_JUDGED = 14.0  # both times, per 512 × 512 fine pixels at ×4, whose cells are 4 × 4
SECONDS_START = 8.0
BYTES_PIXEL = 500  # of the map to judge by, and of each element: sixteen samples are kept
BYTES_LEARNED = 25e6  # of each element of the map to learn from, whatever its size

SCALE = Parameter(
    name="scale",
    title="For maps made finer by",
    kind="choice",
    default=4,
    choices=(Choice(2, "×2 · cells of 2 × 2"), Choice(4, "×4 · cells of 4 × 4")),
    help="A network answers at one factor. Both maps are binned by it and stand for the truth.",
)
JUDGE = Parameter(
    name="judge",
    title="Judge by",
    kind="measurement",
    default=None,
    help="A fine map, in counts, of another specimen of the same kind of material. The network "
    "never learns from it: it only says whether learning helped.",
)
LENGTH = Parameter(
    name="steps",
    title="Steps of learning",
    kind="integer",
    default=STEPS,
    minimum=10,
    maximum=2000,
    help="Each looks at one part of the map, its counts split anew.",
)


def seconds(parameters: Values, summary: Values) -> float:
    """Seconds on two CPU cores: steps on parts of one size, and judging both before and after."""
    judge = summary.get("others", {}).get(parameters["judge"], summary)
    height, width = judge["shape"]
    cells = 16 / parameters["scale"] ** 2
    judged = SECONDS_JUDGED * cells * len(judge["channels"]) * height * width / 512**2
    learned = SECONDS_STEP * parameters["steps"] * len(summary["channels"])
    return float(SECONDS_START + learned + judged)


def memory(parameters: Values, summary: Values) -> float:
    """Bytes at the peak; learning sees a part of the map at once, judging all of the other one."""
    judge = summary.get("others", {}).get(parameters["judge"], summary)
    judged = BYTES_PIXEL * len(judge["channels"]) * area(judge["shape"])
    return float(START + BYTES_LEARNED * len(summary["channels"]) + judged)


def rules(values: Values, summary: Values) -> dict[str, str]:
    """Both maps hold counts and are large enough; they are two."""
    judge = summary["others"][values["judge"]]
    errors: dict[str, str] = {}
    if reason := _unfit(summary, values["scale"]):
        errors["scale"] = f"This map {reason}"
    if reason := _unfit(judge, values["scale"]):
        errors["judge"] = f"“{judge['name']}” {reason}"
    if judge["content_hash"] == summary.get("content_hash"):
        errors["judge"] = (
            "That is the map to teach with, uploaded again: choose one of another specimen."
        )
    return errors


def _unfit(map_: Values, factor: int) -> str:
    """Why nothing can be taught or judged with a map; empty where it can."""
    least, (height, width) = factor * CROP_CELLS, map_["shape"]
    if map_["units"] != "counts":
        return f"is in {map_['units']}, which cannot be split as counts can; upload raw counts."
    if min(height, width) < least:
        return f"is {width} × {height} pixels; teaching at ×{factor} takes at least {least} a side."
    return ""


RECIPE = Recipe(
    name="teach",
    title="Teach a network with this map",
    version="1",
    description="The regression that ships learns from this map: its counts are split into two "
    "halves, and from one half, binned, it learns to predict the other. No truth is needed. It "
    "becomes a model of your lab only if, on another specimen, both its error and the coverage of "
    "its samples are better than those of the network that ships.",
    parameters=(JUDGE, SCALE, LENGTH),
    module="workers.recipes.teaching",
    seconds=seconds,
    memory=memory,
    rules=rules,
    makes="network",
)
