"""Every recipe there is, declared without torch so that form, API and worker share one source.

A facility adds its own by naming modules in the environment variable FIDUCIAL_RECIPES (separated by
commas). Each must import cheaply and hold a `RECIPE` (`workers.recipes.parameters.Recipe`), whose
`module` names where its numerics live.
"""

import os
from collections.abc import Mapping
from importlib import import_module

from workers.recipes import (
    bragg,
    calorimeter,
    diffraction,
    diffraction_live,
    teach,
    units,
    xray_diffusion,
    xray_ensemble,
    xray_variational,
)
from workers.recipes.parameters import Choice, Parameter, ParameterErrors, Recipe

__all__ = ["RECIPES", "Choice", "Parameter", "ParameterErrors", "Recipe"]


def _collect(extra: str) -> dict[str, Recipe]:
    recipes = [
        xray_ensemble.RECIPE,
        xray_diffusion.RECIPE,
        xray_variational.RECIPE,
        units.RECIPE,
        diffraction.RECIPE,
        diffraction_live.RECIPE,
        calorimeter.RECIPE,
        bragg.RECIPE,
        teach.RECIPE,
    ]
    recipes += [import_module(name).RECIPE for name in extra.split(",") if name]
    return {recipe.name: recipe for recipe in recipes}


RECIPES: Mapping[str, Recipe] = _collect(os.environ.get("FIDUCIAL_RECIPES", ""))
