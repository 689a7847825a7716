"""A run's parameters as a person reads them, from the recipe that declared them."""

from typing import Any

from workers.recipes.catalogue import RECIPES, Parameter

from . import beside
from .models import Run


def parameters(run: Run) -> list[tuple[str, str]]:
    """Every parameter as (title, value in words)."""
    return [
        (parameter.title, _value(parameter, run.parameters[parameter.name]))
        for parameter in _declared(run)
    ]


def answers(run: Run) -> bool:
    """Whether it answers a question about its measurement: neither a lesson nor a preview."""
    return _makes(run) == "answer"


def teaches(run: Run) -> bool:
    """Whether it teaches a network."""
    return _makes(run) == "network"


def previews(run: Run) -> bool:
    """Whether it only shows a scan that was open when it began."""
    return _makes(run) == "preview"


def _makes(run: Run) -> str:
    recipe = RECIPES.get(run.recipe)
    return recipe.makes if recipe else "answer"


def brief(run: Run) -> str:
    """The choices in one line: “×4 · Binned · Si, Fe · 16 samples”."""
    return " · ".join(
        filter(None, (_brief(one, run.parameters[one.name]) for one in _declared(run)))
    )


def _declared(run: Run) -> list[Parameter]:
    recipe = RECIPES.get(run.recipe)
    known = recipe.parameters if recipe else ()
    return [parameter for parameter in known if parameter.name in run.parameters]


def _value(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "choice":
        labels = {choice.value: choice.label for choice in parameter.choices}
        return labels.get(value, str(value))
    if parameter.kind == "channels":
        return ", ".join(value)
    if parameter.kind == "measurement":
        return beside.name(value)
    if parameter.kind == "network":
        return beside.network(value)
    if parameter.kind == "boolean":
        return "yes" if value else "no"
    return f"{value:g}"


def _brief(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "measurement":
        return ""  # a name takes a query, and lists have many lines
    if parameter.kind == "network":
        return "own network" if value else ""
    if parameter.kind == "boolean":
        return parameter.name if value else ""
    if parameter.kind == "choice":
        return _value(parameter, value).partition(" · ")[0].partition(":")[0]
    if parameter.kind == "channels":
        return _value(parameter, value) if len(value) <= 4 else f"{len(value)} elements"
    return f"{value:g} {parameter.name}"
