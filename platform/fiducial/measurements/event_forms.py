"""What a person says of calorimeter events that their files do not."""

from typing import Any

from django import forms

from .models import Measurement

CONTENT = (
    ("events", "Events of a calorimeter"),
    ("maps", "Maps of one field, one of each element"),
)
FACTOR = (("", "as read"), ("2", "2 × 2"), ("4", "4 × 4"))


class EventCorrectionForm(forms.Form):
    """What a person corrects or adds; `answers()` is what the reader understands."""

    content = forms.ChoiceField(
        choices=CONTENT, required=False, widget=forms.RadioSelect, label="What the files hold"
    )
    factor = forms.ChoiceField(
        choices=FACTOR, required=False, label="Divide cells that name no finer ones into"
    )
    sigma_mev = forms.FloatField(
        required=False,
        min_value=1e-6,
        max_value=1e8,
        label="Noise of a cell, where no file states it",
        help_text="MeV",
    )

    def __init__(self, measurement: Measurement, *args: Any, **kwargs: Any):
        answers = measurement.answers
        initial = {name: answers.get(name, "") for name in self.base_fields}
        initial["content"] = measurement.content
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        self._channels = answers.get("channels")

    def answers(self) -> dict[str, Any]:
        """The corrections as `workers.readers` takes them; what was left open is left out."""
        said = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        if "factor" in said:
            said["factor"] = int(said["factor"])
        return said | ({"channels": self._channels} if self._channels else {})
