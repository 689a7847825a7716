"""A recipe for tests whose work can be shared: as many tiles as it is told.

Made known to portal and workers by FIDUCIAL_RECIPES, as the toy recipe is.
"""

from workers.recipes.parameters import Choice, Parameter, Recipe, Split

TILES = Parameter("tiles", "Tiles", "integer", default=4, minimum=1, maximum=1000)
PAUSE = Parameter("pause", "Seconds per tile", "number", default=0.1, minimum=0, maximum=60)
MOOD = Parameter(
    "mood",
    "What goes wrong at tile 1",
    "choice",
    default="well",
    choices=tuple(Choice(name, name) for name in ("well", "kill", "refuse")),
)

RECIPE = Recipe(
    name="toy-tiled",
    title="A shared run for tests",
    version="1",
    description="Counts its tiles.",
    parameters=(TILES, PAUSE, MOOD),
    module="tests.recipes.toy_tiled_numerics",
    seconds=lambda parameters, summary: parameters["tiles"] * parameters["pause"] / 0.8,
    split=lambda parameters, summary: Split(parameters["tiles"], 0.8),
)
