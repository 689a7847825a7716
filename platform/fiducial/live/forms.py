"""What a person says to open a scan for frames."""

import io
from typing import Any

import numpy as np
from django import forms
from numpy.typing import NDArray

from fiducial.measurements.models import Measurement, Project
from workers.store.live import Optics

from .services import Opening

MAX_TABLE_BYTES = 4 * 1024**2
TYPES = ("uint8", "uint16", "uint32", "float32")
ZERO = (("middle", "in the middle of the frame"), ("corner", "in the corner, [0, 0]"))
UNITS = (("px", "pixels of the object"), ("m", "m"), ("um", "µm"), ("nm", "nm"))
AXES = (
    ("stated", "as they are given"),
    ("swapped", "rows and columns swapped"),
    ("rows", "rows the other way"),
    ("columns", "columns the other way"),
)


def _number(label: str, unit: str, low: float, high: float) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(
        required=False, min_value=low, max_value=high, label=label, help_text=unit, widget=widget
    )


def _choice(label: str, choices: Any, initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, initial=initial, label=label)


class OpenForm(forms.Form):
    """After `is_valid`, `opening()` is what the service takes."""

    name = forms.CharField(max_length=160, required=False, label="Name")
    frames = forms.IntegerField(min_value=1, label="Frames at most", initial=1000)
    side = forms.IntegerField(min_value=1, label="Pixels along a side of a frame", initial=128)
    type = _choice("Type of a pixel", [(name, name) for name in TYPES], "uint16")
    zero = _choice("Where zero frequency lies", ZERO, "middle")
    table = forms.FileField(
        required=False,
        label="Places, if they are known ahead",
        help_text="A text file with row and column of each frame on a line, in the order of their "
        "numbers. Without it every frame brings its place.",
    )
    position_unit = _choice("Unit of the places", UNITS, "px")
    axes = _choice("How the places run", AXES, "stated")
    turned_deg = _number("Turn the places by", "°", -360, 360)
    pixel_nm = _number("Pixel of the object", "nm", 1e-4, 1e6)
    energy_ev = _number("Photon energy", "eV", 1, 1e7)
    distance_m = _number("Distance to the detector", "m", 1e-4, 1e3)
    detector_pixel_um = _number("Pixel of the detector", "µm", 0.1, 1e4)
    probe_of = forms.ModelChoiceField(
        Measurement.objects.none(),
        required=False,
        label="Start from the probe of",
        empty_label="none: guess it from the first frames",
        help_text="An earlier scan under the same optics. A guessed probe is a focus without a "
        "phase: with a curved beam such a preview shows little.",
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["probe_of"].queryset = scans_of(project)

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields that take a number with a unit."""
        names = ("turned_deg", "pixel_nm", "energy_ev", "distance_m", "detector_pixel_um")
        return [self[name] for name in names]

    @property
    def choices(self) -> list[forms.BoundField]:
        return [self[name] for name in ("type", "zero", "position_unit", "axes")]

    def clean_table(self) -> NDArray[np.float64] | None:
        """Places `(n, 2)`."""
        table = self.cleaned_data["table"]
        if table is None:
            return None
        if table.size > MAX_TABLE_BYTES:
            raise forms.ValidationError("The table is larger than 4 MB; places come with frames.")
        return _places(table.read())

    def opening(self) -> Opening:
        said = self.cleaned_data
        optics = {name: said[name] for name in Optics.__dataclass_fields__ if name != "turned_deg"}
        return Opening(
            frames=said["frames"],
            optics=Optics(**optics, turned_deg=said["turned_deg"] or 0.0),
            name=said["name"],
            positions=said["table"],
            probe_of=said["probe_of"],
        )


def scans_of(project: Project) -> Any:
    """The scans of the project's lab that were read, newest first."""
    ready = Measurement.objects.filter(
        project__lab=project.lab_id, state=Measurement.State.READY, summary__content="scan"
    )
    return ready.order_by("-created")


def _places(text: bytes) -> NDArray[np.float64]:
    try:
        lines = text.decode().replace(",", " ").replace(";", " ").replace("\t", " ")
        places = np.loadtxt(io.StringIO(lines), dtype=np.float64, ndmin=2)
    except (ValueError, UnicodeDecodeError) as fault:
        raise forms.ValidationError(
            "This is no table of numbers: a row and a column on each line are needed."
        ) from fault
    if places.ndim != 2 or places.shape[1] != 2:
        raise forms.ValidationError("Each line needs two numbers, row and column.")
    return places
