"""Forms: opening a project, and saying what the files of a measurement do not say."""

from typing import Any

from django import forms

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User

from . import folders, parts
from .elements import SYMBOLS
from .models import Measurement

AS_READ, GUIDE, SKIP = "", "guide", "skip"
UNITS = (
    ("", "as read"),
    ("counts", "counts of each pixel"),
    ("wt%", "concentration in wt%"),
    ("intensity", "intensity in other units"),
)
SAMPLING = (
    ("fine", "Fine: one short dwell on every pixel of the grid I want"),
    ("binned", "Binned: a pixel is the mean over its whole block"),
    ("point", "Point: the beam stood on one spot of each block"),
    ("line", "Line: the beam swept along the row, thin across it"),
    ("psf", "Wide beam: wider than the step from pixel to pixel"),
    ("", "I do not know yet"),
)


CONTENT = (
    ("maps", "Maps of one field, one of each element"),
    ("movie", "Frames of a movie, in the order they have here"),
    ("scan", "Frames of scanned diffraction, with a table of their places"),
    ("volume", "Frames of a rocking curve: one crystal, turned step by step"),
    ("events", "Events of a calorimeter: tables of cells and their energies"),
)


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name of the project")
    lab = forms.ModelChoiceField(Lab.objects.none(), empty_label=None)

    def __init__(self, user: User, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        labs = permissions.labs_where_may(user, permissions.WORK).order_by("name")
        self.fields["lab"].queryset = labs
        if len(labs) == 1:  # nothing to choose
            self.fields["lab"].widget = forms.HiddenInput()
            self.fields["lab"].initial = labs[0]


class CorrectionForm(forms.Form):
    """What a person corrects or adds; `answers()` is what the reader understands."""

    content = forms.ChoiceField(
        choices=CONTENT, required=False, widget=forms.RadioSelect, label="What the pictures are"
    )
    units = forms.ChoiceField(choices=UNITS, required=False, label="What the numbers are")
    pixel_size_um = forms.FloatField(
        required=False, min_value=1e-4, max_value=1e5, label="Pixel size", help_text="µm per step"
    )
    dwell_ms = forms.FloatField(
        required=False, min_value=1e-4, max_value=1e7, label="Dwell time", help_text="ms per pixel"
    )
    current_na = forms.FloatField(
        required=False, min_value=1e-4, max_value=1e5, label="Beam current", help_text="nA"
    )
    sampling = forms.ChoiceField(
        choices=SAMPLING, required=False, widget=forms.RadioSelect, label="How the beam moved"
    )

    def __init__(self, measurement: Measurement, *args: Any, **kwargs: Any):
        pictures = _files(measurement)
        movie = measurement.summary.get("content") == "movie"
        self.pictures, self.parts = len(pictures), parts.of(pictures, movie=movie)
        self._corrected = measurement.answers.get("channels", {})
        kwargs.setdefault("initial", _initial(measurement, self.parts))
        super().__init__(*args, **kwargs)
        for number, part in enumerate(self.parts):
            self.fields[f"channel_{number}"] = forms.ChoiceField(
                choices=_channel_choices(part.read_as), required=False, label=part.label
            )

    @property
    def channel_fields(self) -> list[forms.BoundField]:
        """The fields that say what each part of the files holds, in their order."""
        return [self[f"channel_{number}"] for number in range(len(self.parts))]

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields that take a number, in their order on the page."""
        return [self[name] for name in ("pixel_size_um", "dwell_ms", "current_na")]

    def answers(self) -> dict[str, Any]:
        """The corrections as `workers.readers` takes them; what was left open is left out."""
        given = self.cleaned_data
        channels = {
            name: given[f"channel_{number}"]
            for number, part in enumerate(self.parts)
            if given[f"channel_{number}"]
            for name in part.names
        }
        if not self.parts:  # nothing was asked, so what was said before holds
            channels = self._corrected
        facts = ("units", "pixel_size_um", "dwell_ms", "current_na", "sampling")
        answers = {fact: given[fact] for fact in facts if given[fact] not in ("", None)}
        if given["content"] not in ("", "maps"):
            answers["content"] = given["content"]
        return answers | ({"channels": channels} if channels else {})


def _files(measurement: Measurement) -> list[tuple[str, str]]:
    """(file name, element it was read as) of each file; the element is "" where none was read."""
    if read := measurement.summary.get("files"):
        named = [(file["name"], file.get("channel") or "") for file in read]
        if measurement.summary.get("windows"):  # the same files in every window's folder: once
            return list({name.partition("/")[2]: channel for name, channel in named}.items())
        return named
    names = [path.name for path in folders.files_to_read(measurement)]
    return [(name, "") for name in names]


def _initial(measurement: Measurement, asked: list[parts.Part]) -> dict[str, Any]:
    answers, summary = measurement.answers, measurement.summary
    facts = ("pixel_size_um", "dwell_ms", "current_na", "sampling")
    initial = {fact: answers.get(fact, summary.get(fact)) for fact in facts}
    initial["units"] = answers.get("units", "")
    initial["content"] = answers.get("content", "maps")
    initial["sampling"] = initial["sampling"] or ""
    corrected = answers.get("channels", {})
    return initial | {
        f"channel_{number}": corrected.get(part.names[0], AS_READ)
        for number, part in enumerate(asked)
    }


def _channel_choices(read_as: str) -> list[tuple[str, Any]]:
    return [
        (AS_READ, f"as read: {read_as}" if read_as else "as read"),
        (GUIDE, "electron image (BSE, SE)"),
        (SKIP, "leave out"),
        ("An element", [(symbol, symbol) for symbol in SYMBOLS]),
    ]
