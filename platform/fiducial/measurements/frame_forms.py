"""What a person says of diffraction frames that their files do not."""

from typing import Any

from django import forms

from .models import Measurement

CONTENT = (
    ("scan", "Frames of a scan, each with its place"),
    ("volume", "Frames of a rocking curve: one crystal, turned step by step"),
    ("movie", "Frames of a movie, in the order they have here"),
    ("maps", "Maps of one field, one of each element"),
)
AS_READ = ("", "as read")
VALUES = (AS_READ, ("counts", "counts of the detector"), ("amplitude", "amplitudes: their roots"))
ZERO = (AS_READ, ("corner", "in the corner, [0, 0]"), ("middle", "in the middle of the frame"))
UNITS = (AS_READ, ("px", "pixels of the object"), ("m", "m"), ("um", "µm"), ("nm", "nm"))
AXES = (
    AS_READ,
    ("stated", "as the file says, whatever the frames show"),
    ("swapped", "rows and columns swapped"),
    ("rows", "rows the other way"),
    ("columns", "columns the other way"),
)
NUMBERS = ("turned_deg", "pixel_nm", "energy_ev", "distance_m", "detector_pixel_um")


def _number(label: str, unit: str, low: float, high: float) -> forms.FloatField:
    return forms.FloatField(
        required=False, min_value=low, max_value=high, label=label, help_text=unit
    )


class FrameCorrectionForm(forms.Form):
    """What a person corrects or adds; `answers()` is what the reader understands."""

    content = forms.ChoiceField(
        choices=CONTENT, required=False, widget=forms.RadioSelect, label="What the frames are"
    )
    values = forms.ChoiceField(choices=VALUES, required=False, label="What the numbers are")
    zero = forms.ChoiceField(choices=ZERO, required=False, label="Where zero frequency lies")
    position_unit = forms.ChoiceField(choices=UNITS, required=False, label="Unit of the places")
    axes = forms.ChoiceField(choices=AXES, required=False, label="How the places run")
    turned_deg = _number("Turn the places by", "°", -360, 360)
    pixel_nm = _number("Pixel of the object", "nm", 1e-4, 1e6)
    energy_ev = _number("Photon energy", "eV", 1, 1e7)
    distance_m = _number("Distance to the detector", "m", 1e-4, 1e3)
    detector_pixel_um = _number("Pixel of the detector", "µm", 0.1, 1e4)

    def __init__(self, measurement: Measurement, *args: Any, **kwargs: Any):
        answers = measurement.answers
        initial = {name: answers.get(name, "") for name in self.base_fields}
        initial["content"] = answers.get("content") or measurement.content
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        self._channels = answers.get("channels")

    @property
    def choices(self) -> list[forms.BoundField]:
        """The fields that choose, in their order on the page."""
        return [self[name] for name in ("values", "zero", "position_unit", "axes")]

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields that take a number."""
        return [self[name] for name in NUMBERS]

    def answers(self) -> dict[str, Any]:
        """The corrections as `workers.readers` takes them; what was left open is left out."""
        said = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        return said | ({"channels": self._channels} if self._channels else {})
