"""What a plan asks for. The form is sent by GET, so that an address is a plan."""

from collections.abc import Callable
from typing import Any

from django import forms

from workers.assessment import brightness
from workers.assessment.planning import Element, Session

from .amounts import Amount, Unreadable, read

_WORDS = tuple(brightness.LEVELS)
_SESSION = ("width", "height", "hours", "current", "minimum_dwell", "overhead")
_SAMPLINGS = (
    ("binned", "the whole pixel: the beam is widened or swept over it"),
    ("point", "one spot: the beam stays as fine and the step grows"),
)


def _number(
    label: str, low: float, high: float, initial: float | None, help_text: str = "", **facts: Any
) -> forms.FloatField:
    between = f"Give a number from {low:g} to {high:g}."
    errors = {"invalid": between, "min_value": between, "max_value": between}
    errors["required"] = f"This is needed. {between}"
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.FloatField(
        label=label,
        min_value=low,
        max_value=high,
        initial=initial,
        help_text=help_text,
        error_messages=errors,
        widget=widget,
        **facts,
    )


def _list(label: str, initial: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=600, initial=initial, help_text=help_text, required=False
    )


class PlanForm(forms.Form):
    """After `is_valid`, `session` holds what `workers.assessment.planning` takes."""

    width = _number("Field width, µm", 1, 200_000, 1000)
    height = _number("Field height, µm", 1, 200_000, 1000)
    hours = _number("Beam time, hours", 0.01, 1000, 4)
    current = _number("Beam current, nA", 0.01, 10_000, 40)
    step = _number(
        "Finest step worth having, µm",
        0.01,
        1000,
        2,
        "X-rays come from a volume 1 to 2 µm wide at 15 kV: finer steps gain nothing.",
    )
    grain = _number(
        "Mean grain size, µm",
        0.01,
        100_000,
        40,
        "Mean linear intercept: a line across the field divided by the boundaries it meets.",
    )
    minimum_dwell = _number(
        "Shortest dwell, ms", 0.0001, 10_000, 5, "What detector and stage allow."
    )
    overhead = _number(
        "Overhead per pixel, ms",
        0,
        10_000,
        1,
        "Moving and settling, without counting.",
    )
    elements = _list(
        "Elements and wt%",
        "Si 20, Mg 15, Fe 10, Ca 3, Cr trace",
        "Means over the field: a number, or major, minor, trace. “Si 20 ± 12” also says how much "
        "it varies over the field.",
    )
    sampling = forms.ChoiceField(
        label="In a coarse scan the beam sees",
        choices=_SAMPLINGS,
        initial="binned",
        required=False,
        widget=forms.RadioSelect,
    )
    sensitivity = _list(
        "Sensitivity, counts per s · nA · wt%",
        "",
        "As in “Si 17, Na 4”. Without it: figures of one microprobe.",
    )
    counts = _list(
        "Mean counts per pixel",
        "",
        "As in “Si 159 ± 104”: mean ± standard deviation, as any map program shows them.",
    )
    quick_dwell = _number("Its dwell, ms", 0.0001, 100_000, None, required=False)
    quick_current = _number(
        "Its current, nA", 0.01, 10_000, None, "Empty: the current above.", required=False
    )

    @property
    def session_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in _SESSION]

    @property
    def quick_open(self) -> bool:
        return self._any("counts", "quick_dwell", "quick_current")

    @property
    def instrument_open(self) -> bool:
        return self._any("sensitivity") or self["sampling"].value() == "point"

    def _any(self, *names: str) -> bool:
        """Whether one of these was answered or is at fault: its group is then shown open."""
        return any(name in self.errors or self[name].value() not in (None, "") for name in names)

    def given(self) -> list[tuple[str, str]]:
        """Every answer beside its question, longest last, for the printed plan."""
        choices = dict(_SAMPLINGS)
        answers = [
            (str(field.label), choices.get(str(value), str(value)))
            for name, field in self.fields.items()
            if (value := self[name].value()) not in (None, "")
        ]
        return sorted(answers, key=lambda pair: len(pair[1]) > 16)

    def clean_sampling(self) -> str:
        return self.cleaned_data["sampling"] or "binned"

    def clean(self) -> dict[str, Any]:
        lists = {
            "elements": self._read("elements", _WORDS),
            "sensitivity": self._read("sensitivity", (), "Si 17"),
            "counts": self._read("counts", (), "Si 159 ± 104"),
        }
        if lists["counts"] and not self.cleaned_data.get("quick_dwell"):
            self.add_error("quick_dwell", "Give the dwell of the quick scan its counts belong to.")
        if not lists["elements"] and not lists["counts"] and "elements" not in self.errors:
            self.add_error("elements", "Name at least one element, as in “Si 20”.")
        if not self.errors:
            self._combine(**lists)
        return self.cleaned_data

    def _read(self, field: str, words: tuple[str, ...], example: str = "Si 20") -> list[Amount]:
        try:
            return read(self.cleaned_data.get(field, ""), words, example)
        except Unreadable as sentence:
            self.add_error(field, str(sentence))
            return []

    def _combine(
        self, elements: list[Amount], sensitivity: list[Amount], counts: list[Amount]
    ) -> None:
        """A quick scan's counts stand in for the composition of the elements it has."""
        known = {one.symbol: float(one.value) for one in sensitivity}
        counted = {one.symbol for one in counts}
        found = [
            *self._each("counts", counts, self._of_quick_scan),
            *self._each(
                "elements",
                [one for one in elements if one.symbol not in counted],
                lambda one: _of_composition(one, known.get(one.symbol)),
            ),
        ]
        if self.errors:
            return
        order = [one.symbol for one in (*elements, *counts)]
        asked = self.cleaned_data
        self.session = Session(
            width_um=asked["width"],
            height_um=asked["height"],
            seconds=3600 * asked["hours"],
            current_na=asked["current"],
            step_um=asked["step"],
            grain_um=asked["grain"],
            minimum_dwell_ms=asked["minimum_dwell"],
            overhead_ms=asked["overhead"],
            sampling=asked["sampling"],
            elements=tuple(sorted(found, key=lambda one: order.index(one.symbol))),
        )

    def _each(
        self, field: str, amounts: list[Amount], make: Callable[[Amount], Element]
    ) -> list[Element]:
        try:
            return [make(one) for one in amounts]
        except ValueError as sentence:
            self.add_error(field, str(sentence))
            return []

    def _of_quick_scan(self, one: Amount) -> Element:
        current = self.cleaned_data["quick_current"] or self.cleaned_data["current"]
        dwell = self.cleaned_data["quick_dwell"]
        return brightness.of_quick_scan(one.symbol, float(one.value), one.spread, dwell, current)


def _of_composition(one: Amount, sensitivity: float | None) -> Element:
    percent = brightness.LEVELS.get(str(one.value)) or float(one.value)
    if percent > 100:
        raise ValueError(f"{one.symbol} cannot be {percent:g} wt%: give at most 100.")
    if one.spread is not None and one.spread <= 0:
        raise ValueError(f"{one.symbol} ± 0 varies nowhere: leave ± away for a usual variation.")
    return brightness.of_composition(one.symbol, percent, one.spread, sensitivity)
