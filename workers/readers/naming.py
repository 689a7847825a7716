"""Deciding what each map shows: a person's word first, then the files', then their names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from workers.measurement import Problem
from workers.readers.contents import Layer
from workers.readers.elements import GUIDE, SKIP, SYMBOLS, parse_channels
from workers.readers.video import looks_like_video

_NUMBERED = re.compile(r"(?:data)?0*(\d+)(?:[_ ].*)?", re.I)
_AS_SYMBOL = {symbol.casefold(): symbol for symbol in SYMBOLS}


@dataclass(frozen=True)
class Naming:
    """What each layer shows: an element, "guide", "skip", or None where a person must say."""

    channels: tuple[str | None, ...]
    problems: tuple[Problem, ...]


def name_layers(
    layers: Sequence[Layer], labels: Mapping[str, str], corrections: Mapping[str, str]
) -> Naming:
    """One channel per layer; two layers never get the same element."""
    problems: list[Problem] = []
    chosen = [_corrected(layer, corrections, problems) for layer in layers]
    parsed = parse_channels([layer.name or "" for layer in layers])
    for number, layer in enumerate(layers):
        if chosen[number] is None:
            chosen[number] = _as_stated(layer, labels) or parsed[number]
    _find_video(layers, chosen, problems)
    _one_layer_each(layers, chosen, corrections, problems)
    for layer, channel in zip(layers, chosen, strict=True):
        if channel is None and layer.source not in {problem.where for problem in problems}:
            problems.append(_unknown(layer))
    left_out = [
        layer.source
        for layer, channel in zip(layers, chosen, strict=True)
        if channel == SKIP and layer.source not in corrections
    ]
    if left_out:
        problems.append(_left_out(left_out))
    return Naming(tuple(chosen), tuple(problems))


def numbers_of(stem: str) -> list[str]:
    """Under which names a conditions file may speak of the map `stem`: itself, and its number."""
    match = _NUMBERED.fullmatch(stem)
    return [stem, stem.split("_")[0], *([match[1]] if match else [])]


def _corrected(layer: Layer, corrections: Mapping[str, str], problems: list[Problem]) -> str | None:
    said = corrections.get(layer.source)
    if said is None:
        return None
    if said in (GUIDE, SKIP):
        return said
    if symbol := _AS_SYMBOL.get(said.strip().casefold()):
        return symbol
    problems.append(
        Problem(
            "warning",
            layer.source,
            f"“{said[:40]}” is not the symbol of an element.",
            "Choose an element, the electron image, or leave the map out.",
        )
    )
    return None


def _as_stated(layer: Layer, labels: Mapping[str, str]) -> str | None:
    if layer.is_electron_image:
        return GUIDE
    stem = PurePath(layer.source).stem
    return next((labels[key] for key in numbers_of(stem) if key in labels), None)


def _find_video(layers: Sequence[Layer], chosen: list[str | None], problems: list[Problem]) -> None:
    """Take an unnamed map as the electron image where it looks like one and none is there yet."""
    if GUIDE in chosen:
        return
    for number, layer in enumerate(layers):
        if chosen[number] is None and looks_like_video(layer.values):
            chosen[number] = GUIDE
            problems.append(
                Problem(
                    "question",
                    layer.source,
                    "Its name says no element, and its values look like a detector's video "
                    f"signal (a ceiling at {layer.values.max():.0f}, noise unlike counts): it is "
                    "taken as the electron image (BSE) of the field.",
                    "If it is an element, choose it in the channel list; if not, do nothing.",
                )
            )
            return


def _one_layer_each(
    layers: Sequence[Layer],
    chosen: list[str | None],
    corrections: Mapping[str, str],
    problems: list[Problem],
) -> None:
    """A second map of the same element is asked about; a second electron image is left out."""
    order = sorted(range(len(layers)), key=lambda n: layers[n].source not in corrections)
    first: dict[str, int] = {}
    for number in order:
        channel = chosen[number]
        if channel is None or channel == SKIP:
            continue
        if channel not in first:
            first[channel] = number
            continue
        kept, other = layers[first[channel]].source, layers[number].source
        if channel == GUIDE:
            chosen[number] = SKIP
            continue
        chosen[number] = None
        problems.append(
            Problem(
                "question",
                other,
                f"Two maps are called {channel}: {kept} and {other}.",
                "Choose in the channel list which one to keep, and leave out the other.",
            )
        )


def _unknown(layer: Layer) -> Problem:
    return Problem(
        "question",
        layer.source,
        "Nothing says which element this map shows.",
        "Choose its element in the channel list, or the electron image, or leave it out.",
    )


def _left_out(sources: Sequence[str]) -> Problem:
    return Problem(
        "note",
        ", ".join(sources),
        "Masks, totals and further electron images are left out.",
        "If one of them is an element map, choose the element in the channel list.",
    )
