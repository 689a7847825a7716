"""The new-run form: one field per parameter of a recipe, so a recipe needs no form of its own."""

from typing import Any

from django import forms

from fiducial.measurements.models import Measurement
from workers.recipes.catalogue import Parameter, ParameterErrors, Recipe

from . import beside
from .models import Run
from .services import MAX_SEED


class RecipeForm(forms.Form):
    """Fields of `recipe` for one measurement; after `is_valid`, `parameters`, `seed` and
    `lane` hold them.

    Rules that look at several values at once are the recipe's own (`Recipe.clean`).
    """

    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=MAX_SEED,
        initial=0,
        help_text="The same inputs with the same seed give the same result.",
    )

    lane = forms.ChoiceField(
        label="Lane",
        required=False,
        choices=[
            ("", "By its length: interactive for short runs, else batch"),
            (Run.Lane.INTERACTIVE, "Interactive: somebody is waiting for it"),
            (Run.Lane.BATCH, "Batch: nobody is waiting for it just now"),
            (Run.Lane.BEAMTIME, "Beam time: the instrument is waiting for it"),
        ],
        help_text="Interactive runs go before batch runs. Operators grant a lab its beam time.",
    )

    def __init__(self, recipe: Recipe, measurement: Measurement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._recipe, self._summary = recipe, beside.known(recipe, measurement)
        suggested = recipe.suggest(self._summary)
        self._asked = [
            one
            for one in recipe.parameters
            if one.kind != "network" or self._summary["networks"]  # nothing to choose from
        ]
        for parameter in self._asked:
            field = _field(parameter, self._summary)
            field.initial = suggested.get(parameter.name, field.initial)
            self.fields[parameter.name] = field
        self.order_fields([parameter.name for parameter in self._asked])

    def clean(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        self.seed, self.lane = values.pop("seed", 0), values.pop("lane", "")
        if not self.errors:
            try:
                self.parameters = self._recipe.clean(values, self._summary)
            except ParameterErrors as wrong:
                for name, sentence in wrong.errors.items():
                    self.add_error(name, sentence)
        return self.cleaned_data

    def parts(self) -> list[dict[str, Any]]:
        """Each parameter beside its bound field, for the page."""
        return [
            {
                "parameter": parameter,
                "field": self[parameter.name],
                "picked": self._picked(parameter),
            }
            for parameter in self._asked
        ]

    def _picked(self, parameter: Parameter) -> set[str]:
        value = self[parameter.name].value()
        values = value if isinstance(value, list | tuple) else [value]
        return {str(one) for one in values}


def _field(parameter: Parameter, summary: dict[str, Any]) -> forms.Field:
    facts = {"label": parameter.title, "help_text": parameter.help, "initial": parameter.default}
    if parameter.kind == "choice":
        choices = [(str(choice.value), choice.label) for choice in parameter.choices]
        return forms.ChoiceField(choices=choices, **facts)
    if parameter.kind == "channels":
        channels = summary.get("channels", [])
        facts["initial"] = parameter.default or channels
        return forms.MultipleChoiceField(choices=[(name, name) for name in channels], **facts)
    if parameter.kind == "measurement":
        others = [(key, other["name"]) for key, other in summary["others"].items()]
        return forms.ChoiceField(choices=others, **facts)
    if parameter.kind == "network":
        own = [
            (key, f"{one['name']} (×{one['scale']})") for key, one in summary["networks"].items()
        ]
        ships = ("", "The network that ships")
        return forms.ChoiceField(choices=[ships, *own], required=False, **facts)
    if parameter.kind == "boolean":
        return forms.BooleanField(required=False, **facts)
    limits = {"min_value": parameter.minimum, "max_value": parameter.maximum}
    kind = forms.IntegerField if parameter.kind == "integer" else forms.FloatField
    return kind(**limits, **facts)
