"""What a recipe asks for: typed parameters, from which form, API and documents are generated.

No torch here: web processes import this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple

Kind = Literal["choice", "integer", "number", "boolean", "channels", "measurement", "network"]
Product = Literal["answer", "network", "preview"]  # what a run is for
Content = Literal[
    "maps", "movie", "scan", "volume", "events", "live"
]  # of a measurement, as `workers.measurement`, free of numpy; "live": its frames still arrive
Values = Mapping[str, Any]
WANTED: Mapping[Content, str] = {
    "maps": "maps of elements",
    "movie": "a movie",
    "scan": "scanned diffraction frames",
    "volume": "the frames of a rocking curve",
    "events": "events of a calorimeter",
    "live": "a scan that is open for frames",
}

_YES, _NO = {"true", "on", "yes", "1"}, {"false", "off", "no", "0", ""}


class ParameterErrors(ValueError):
    """Values a recipe cannot take: `errors` maps a parameter's name to a sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


class Choice(NamedTuple):
    """One value to choose; `picture` names a drawing the portal shows beside the label."""

    value: str | int
    label: str
    picture: str = ""


@dataclass(frozen=True)
class Parameter:
    """One thing a recipe asks for. `minimum` and `maximum` belong to numbers only."""

    name: str
    title: str
    kind: Kind
    default: Any
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    help: str = ""

    def clean(self, value: Any, summary: Values) -> Any:
        """Return `value` in its own type, whether it came from a form or from JSON.

        `summary` is what is known of the measurement; where a recipe asks for another one, it has
        `others`: what is known of each, by a key “id@revision”; where it takes taught networks,
        `networks` by their id. Raises ValueError(sentence).
        """
        cleaners: dict[Kind, Callable[[Any, Values], Any]] = {
            "choice": self._choice,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
            "channels": self._channels,
            "measurement": self._measurement,
            "network": self._network,
        }
        return cleaners[self.kind](value, summary)

    def _choice(self, value: Any, summary: Values) -> str | int:
        for choice in self.choices:
            if str(choice.value) == str(value):
                return choice.value
        known = ", ".join(str(choice.value) for choice in self.choices)
        raise ValueError(f"{self.title}: “{value}” is not a choice; choose one of {known}.")

    def _number(self, value: Any, summary: Values) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{self.title}: “{value}” is not a number.") from None
        low, high = self.minimum, self.maximum
        # Written so that NaN, which compares false with everything, is refused too.
        if not ((low is None or number >= low) and (high is None or number <= high)):
            raise ValueError(f"{self.title}: {value} is outside {_range(low, high)}.")
        return number

    def _integer(self, value: Any, summary: Values) -> int:
        number = self._number(value, summary)
        if isinstance(value, bool) or not number.is_integer():
            raise ValueError(f"{self.title}: “{value}” is not a whole number.")
        return int(number)

    def _boolean(self, value: Any, summary: Values) -> bool:
        word = str(value).lower()
        if word not in _YES | _NO:
            raise ValueError(f"{self.title}: “{value}” is neither yes nor no.")
        return word in _YES

    def _channels(self, value: Any, summary: Values) -> list[str]:
        measured = list(summary.get("channels", ()))
        if value is None:
            return measured
        if isinstance(value, str) or not all(isinstance(name, str) for name in value):
            raise ValueError(f"{self.title}: give a list of element names, such as [“Si”, “Fe”].")
        unknown = sorted(set(value) - set(measured))
        if unknown:
            raise ValueError(
                f"{self.title}: {', '.join(unknown)} was not measured; "
                f"there are {', '.join(measured)}."
            )
        if not value:
            raise ValueError(f"{self.title}: choose at least one.")
        return [name for name in measured if name in set(value)]

    def _measurement(self, value: Any, summary: Values) -> str:
        """The key of another measurement (`summary["others"]`), named by it or without revision."""
        for key in summary.get("others", {}):
            if value is not None and str(value) in (key, key.partition("@")[0]):
                return str(key)
        raise ValueError(f"{self.title}: choose one of the other maps of this lab that are ready.")

    def _network(self, value: Any, summary: Values) -> str:
        """The key of a taught network (`summary["networks"]`), or "" for the one that ships."""
        key = str(value or "")
        if key and key not in summary.get("networks", {}):
            raise ValueError(
                f"{self.title}: choose a promoted model of this lab, or the network that ships."
            )
        return key


def _range(low: float | None, high: float | None) -> str:
    ends = [f" from {low:g}"] if low is not None else []
    ends += [f" to {high:g}"] if high is not None else []
    return "the range" + "".join(ends)


def _no_rules(values: Values, summary: Values) -> dict[str, str]:
    return {}


def _unknown(values: Values, summary: Values) -> float:
    return 0.0


class Split(NamedTuple):
    """Into how many tiles a run's work falls (1: none), and which part of its time they take."""

    tiles: int
    share: float


def _whole(values: Values, summary: Values) -> Split:
    return Split(1, 0.0)


def _no_suggestion(summary: Values) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Recipe:
    """A declared way to answer the question for one instrument.

    `module` holds the numerics: `run(measurement, output, parameters, seed, report, should_stop)`;
    it is imported only by the worker that runs it. `rules` looks at all values together and
    returns sentences by parameter name. `suggest` knows better defaults for one measurement.
    `seconds` estimates the time on two CPU cores, `memory` the bytes at its peak (0: not known),
    `tile_memory` those of working one tile (0: not known).
    `split` says how far several workers can share a run. Where it can say more than one tile,
    `module` also has `tile(n, measurement, kept, parameters, seed, report, should_stop)`, which
    leaves in the folder `kept` what `run` takes from there by the argument `kept`.
    """

    name: str
    title: str
    version: str
    description: str
    parameters: tuple[Parameter, ...]
    module: str
    seconds: Callable[[Values, Values], float]
    rules: Callable[[Values, Values], dict[str, str]] = _no_rules
    suggest: Callable[[Values], dict[str, Any]] = _no_suggestion
    accepts: Content = "maps"
    makes: Product = "answer"
    memory: Callable[[Values, Values], float] = _unknown
    split: Callable[[Values, Values], Split] = _whole
    tile_memory: Callable[[Values, Values], float] = _unknown

    def of_kind(self, kind: Kind) -> list[str]:
        """The names of its parameters of one kind."""
        return [parameter.name for parameter in self.parameters if parameter.kind == kind]

    def takes(self, summary: Values) -> bool:
        """Whether it is made for measurements like this one."""
        return bool(summary.get("content", "maps") == self.accepts)

    def clean(self, values: Values, summary: Values) -> dict[str, Any]:
        """Return every parameter's value, defaults filled in, or raise ParameterErrors."""
        known = {parameter.name for parameter in self.parameters}
        if not self.takes(summary):
            wanted = WANTED[self.accepts]
            raise ParameterErrors(
                {"recipe": f"{self.title} takes {wanted}; choose another recipe."}
            )
        errors = {
            name: f"{self.title} has no parameter “{name}”; it takes {', '.join(sorted(known))}."
            for name in sorted(set(values) - known)
        }
        cleaned: dict[str, Any] = {}
        for parameter in self.parameters:
            value = values.get(parameter.name, parameter.default)
            try:
                cleaned[parameter.name] = parameter.clean(value, summary)
            except ValueError as error:
                errors[parameter.name] = str(error)
        if not errors:
            errors = self.rules(cleaned, summary)
        if errors:
            raise ParameterErrors(errors)
        return cleaned

    def cost(self, parameters: Values, summary: Values) -> float:
        """Estimate the seconds a run with these cleaned parameters takes on two CPU cores."""
        return self.seconds(parameters, summary)

    def run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Import the numerics and run them; see `workers.run.run` for the arguments."""
        function = import_module(self.module).run
        summary: dict[str, Any] = function(*args, **kwargs)
        return summary

    def tile(self, *args: Any, **kwargs: Any) -> None:
        """Import the numerics and work one tile; see `workers.run.tile` for the arguments."""
        import_module(self.module).tile(*args, **kwargs)
