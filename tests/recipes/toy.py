"""A recipe for tests: takes steps, sleeps, writes a small store, and misbehaves when told to.

Made known to portal and workers by FIDUCIAL_RECIPES=tests.recipes.toy.
"""

from workers.recipes.parameters import Choice, Parameter, Recipe

STEPS = Parameter("steps", "Steps", "integer", default=4, minimum=1, maximum=1000)
PAUSE = Parameter("pause", "Seconds per step", "number", default=0.1, minimum=0, maximum=60)
MOOD = Parameter(
    "mood",
    "What goes wrong",
    "choice",
    default="well",
    choices=tuple(
        Choice(name, name) for name in ("well", "kill", "deaf", "refuse", "bug", "full", "greedy")
    ),
)

RECIPE = Recipe(
    name="toy",
    title="A run for tests",
    version="1",
    description="Counts to its number of steps.",
    parameters=(STEPS, PAUSE, MOOD),
    module="tests.recipes.toy_numerics",
    seconds=lambda parameters, summary: 0.1 + parameters["steps"] * parameters["pause"],
)
