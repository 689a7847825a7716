"""From layers to one measurement: what each shows, on one grid, in one unit, checked."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from workers.measured import Uploaded
from workers.measurement import Measurement, Problem, Sampling, Units, guide_factor
from workers.readers import calorimeter, diffraction, electron_image, gathering, movie
from workers.readers import units as unit_rules
from workers.readers.checks import check_pixels
from workers.readers.contents import FACTS, Layer
from workers.readers.elements import GUIDE, SKIP
from workers.readers.gathering import Gathered, gather
from workers.readers.limits import MAX_CHANNELS, check_array_size, check_map_size
from workers.readers.naming import Naming, name_layers
from workers.readers.problems import refusal

ALL_FILES = "all files"
_FACT_WORDS = {
    "pixel_size_um": "the pixel size",
    "dwell_ms": "the dwell time",
    "current_na": "the beam current",
    "sampling": "how the beam moved",
}


def read(paths: Sequence[Path], told: Mapping[str, Any]) -> Uploaded:
    """`workers.readers.read`; `told` are the corrections."""
    with tempfile.TemporaryDirectory(prefix="fiducial-") as folder:
        files = list(gathering.files_of(list(paths), Path(folder)))
        scan = diffraction.read(files, told)
        if scan is not None:
            return scan
        events = calorimeter.read(files, told)
        if events is not None:
            return events
        gathered = gather(files, told.get("channels", {}))
    if told.get("content") == "movie":
        return movie.of(gathered, told)
    return _maps(gathered, told, part_of_a_map=False)


def read_part(paths: Sequence[Path], told: Mapping[str, Any]) -> Measurement:
    """A part of a map: an element that is nowhere to be found is an answer, its channel is kept."""
    with tempfile.TemporaryDirectory(prefix="fiducial-") as folder:
        files = list(gathering.files_of(list(paths), Path(folder)))
        gathered = gather(files, told.get("channels", {}))
    return _maps(gathered, told, part_of_a_map=True)


def _maps(gathered: Gathered, told: Mapping[str, Any], *, part_of_a_map: bool) -> Measurement:
    """The maps that lie on one grid, in one unit, checked."""
    _check_count(gathered)
    naming = name_layers(gathered.layers, gathered.labels, told.get("channels", {}))
    for row, channel in zip(_layer_rows(gathered), naming.channels, strict=True):
        row["channel"] = channel
    problems = [*gathered.problems, *naming.problems]
    elements, guide_layer = _on_one_grid(gathered, naming, problems)
    if not part_of_a_map:
        elements = _without_empty(gathered, elements, problems)
    units, unit_problems, units_open = _units(elements, told)
    channels = tuple(elements)
    stack = np.stack([layer.values for layer in elements.values()])
    elements.clear()  # a large map fits in memory twice, not three times
    gathered.layers.clear()
    checked = check_pixels(channels, stack, units)
    if not checked.mask.any():
        raise refusal(ALL_FILES, "No pixel was measured in all channels.", "Leave out a channel.")
    facts, fact_problems = _facts(gathered, told)
    undecided = {"channels": _unnamed(channels), "units": units_open}
    return Measurement(
        channels=channels,
        values=checked.values,
        mask=checked.mask,
        units=units,
        guide=None if guide_layer is None else _without_nan(guide_layer.values),
        problems=(*problems, *unit_problems, *checked.problems, *fact_problems),
        provenance=_provenance(gathered, told, [name for name, yes in undecided.items() if yes]),
        **facts,
    )


def _check_count(gathered: Gathered) -> None:
    if len(gathered.layers) > MAX_CHANNELS:
        raise refusal(
            ALL_FILES,
            f"There are {len(gathered.layers):,} maps; up to {MAX_CHANNELS} make one measurement.",
            "Upload the maps of one field at a time. If they are the frames of a movie, or of "
            "diffraction, say so below.",
        )


def _layer_rows(gathered: Gathered) -> list[dict[str, Any]]:
    sources = {layer.source for layer in gathered.layers}
    return [row for row in gathered.rows if row["name"] in sources and row["channel"] is None]


def _on_one_grid(
    gathered: Gathered, naming: Naming, problems: list[Problem]
) -> tuple[dict[str, Layer], Layer | None]:
    """The element maps by channel, all of one size, and the electron image that fits them.

    Raises ReadError where a map does not fit the others.
    """
    elements: dict[str, Layer] = {}
    guide: Layer | None = None
    for layer, channel in zip(gathered.layers, naming.channels, strict=True):
        if channel == GUIDE:
            guide = layer
        elif channel != SKIP:
            elements[channel or f"? {layer.source}"] = layer
    if not elements:
        raise refusal(
            ALL_FILES,
            "There is no element map among the files.",
            "Select the X-ray maps too; one file per element.",
        )
    sizes = Counter(layer.values.shape for layer in elements.values())
    (height, width), _ = sizes.most_common(1)[0]
    for layer in elements.values():
        if layer.values.shape != (height, width):
            other = layer.values.shape
            raise refusal(
                layer.source,
                f"This map has {other[0]} × {other[1]} pixels, the others have {height} × {width}.",
                "Export it on the same grid, or leave this file out.",
            )
    check_map_size(next(iter(elements.values())).source, (height, width))
    check_array_size(ALL_FILES, (len(elements), height, width))
    if guide is not None:
        guide = _fitting(gathered, guide, (height, width), problems)
    return elements, guide


def _fitting(
    gathered: Gathered, guide: Layer, maps: tuple[int, int], problems: list[Problem]
) -> Layer | None:
    """The electron image where its grid is that of the `maps` (h, w) or a multiple of it."""
    factor = guide_factor(guide.values.shape, maps)
    if factor == 1:
        return guide
    sizes = gathered.facts.get("pixel_size_um", {})
    own_um = sizes.pop(guide.source, None)  # of its own grid, in a file that holds nothing else
    if factor is None:
        problems.append(electron_image.left_out(guide, maps))
        _row_of(gathered, guide)["channel"] = SKIP
        return None
    check_map_size(guide.source, guide.values.shape)
    if own_um is not None:
        sizes[f"{guide.source}, {factor} pixels"] = own_um * factor
    problems.append(electron_image.finer(guide, factor))
    return guide


def _without_empty(
    gathered: Gathered, elements: dict[str, Layer], problems: list[Problem]
) -> dict[str, Layer]:
    """The maps that hold anything; a channel of one value only is left out (ReadError if all)."""
    kept = {}
    for channel, layer in elements.items():
        finite = layer.values[np.isfinite(layer.values)]
        if finite.size and finite.min() < finite.max():
            kept[channel] = layer
            continue
        value = f"{finite[0]:g}" if finite.size else "NaN"
        problems.append(
            Problem(
                "warning",
                layer.source,
                f"Every pixel of {channel} is {value}: there is nothing in this map.",
                "It is left out. Export it again if the element was measured.",
            )
        )
        _row_of(gathered, layer)["channel"] = SKIP
    if not kept:
        raise refusal(
            ALL_FILES,
            "Every pixel of every map has the same value: nothing was counted.",
            "Check that the shutter was open and the right maps were exported.",
        )
    return kept


def _row_of(gathered: Gathered, layer: Layer) -> dict[str, Any]:
    return next(row for row in gathered.rows if row["name"] == layer.source)


def _units(
    elements: Mapping[str, Layer], told: Mapping[str, Any]
) -> tuple[Units, list[Problem], bool]:
    layers = list(elements.values())
    if said := told.get("units"):
        if said not in get_args(Units):
            raise refusal("units", f"“{said}” is no unit.", "Choose counts, wt% or intensity.")
        return said, unit_rules.as_told(layers, said), False
    oxides = sum("O" in (layer.name or "")[1:] for layer in layers)
    return unit_rules.decide(layers, names_are_oxides=oxides > len(layers) / 2)


def _unnamed(channels: Sequence[str]) -> bool:
    return any(channel.startswith("?") for channel in channels)


def _without_nan(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def _facts(gathered: Gathered, told: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """FACTS as a person or the files state them; files that contradict each other state nothing."""
    facts: dict[str, Any] = dict.fromkeys(FACTS)
    problems = []
    for fact in FACTS:
        stated = gathered.facts.get(fact, {})
        if told.get(fact) is not None:
            facts[fact] = _valid(fact, told[fact])
        elif stated and _agree(list(stated.values())):
            facts[fact] = next(iter(stated.values()))
        elif stated:
            said = "; ".join(f"{name}: {value:g}" for name, value in list(stated.items())[:4])
            problems.append(
                Problem(
                    "warning",
                    said,
                    f"The files do not agree about {_FACT_WORDS[fact]}.",
                    "Enter the right value.",
                )
            )
    missing = [_FACT_WORDS[fact] for fact in FACTS if facts[fact] is None]
    if missing:
        problems.append(
            Problem(
                "question",
                ALL_FILES,
                f"The files do not state {', '.join(missing[:-1])}{' or ' if missing[:-1] else ''}"
                f"{missing[-1]}.",
                "Enter what you know; scales and the choice of the model become right by it. A "
                "run can start without.",
            )
        )
    return facts, problems


def _agree(values: list[float]) -> bool:
    return all(abs(value - values[0]) <= 0.01 * abs(values[0]) for value in values)


def _valid(fact: str, value: Any) -> Any:
    if fact == "sampling":
        if value not in get_args(Sampling):
            raise refusal(fact, f"“{value}” is no way to sample.", "Choose one of the pictures.")
        return value
    number = float(value) if isinstance(value, int | float) else float("nan")
    if not 0 < number < float("inf"):
        raise refusal(
            fact, f"{_FACT_WORDS[fact].capitalize()} must be a number above 0.", "Enter it again."
        )
    return number


def _provenance(gathered: Gathered, told: Mapping[str, Any], is_open: list[str]) -> dict[str, Any]:
    first = {key: next(iter(said.values())) for key, said in gathered.facts.items() if said}
    return {
        "format": " + ".join(gathered.formats),
        "files": gathered.rows,
        "acquisition": first,
        "corrections": dict(told),
        "open": is_open,
    }
