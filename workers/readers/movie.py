"""Pictures that a person says are the frames of a movie."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from workers.measurement import Measurement, Problem
from workers.readers import phases
from workers.readers.contents import Layer
from workers.readers.elements import SKIP
from workers.readers.gathering import Gathered
from workers.readers.limits import MAX_FRAMES, check_array_size, check_map_size
from workers.readers.problems import refusal


def of(gathered: Gathered, told: Mapping[str, Any]) -> Measurement:
    """The movie whose frames are the pictures of all files, in their order.

    Frames keep their numbers but for pixels that hold none, which become the median of their frame.
    Raises ReadError where frames differ in size.
    """
    layers, problems = _frames(gathered, told.get("channels", {}))
    if len(layers) > MAX_FRAMES:
        raise refusal(
            "all files",
            f"There are {len(layers):,} frames; a movie may have up to {MAX_FRAMES:,}.",
            "Upload a shorter part of it, or every second frame.",
        )
    frames = [layer.values for layer in layers]
    height, width = frames[0].shape
    for layer in layers:
        if layer.values.shape != (height, width):
            other = layer.values.shape
            raise refusal(
                layer.source,
                f"This frame has {other[0]} × {other[1]} pixels, the first {height} × {width}.",
                "A movie has frames of one size: leave this file out.",
            )
    check_map_size(layers[0].source, (height, width))
    check_array_size("all files", (len(frames), height, width))
    values = np.stack(frames).astype(np.float32)
    stated = {layer.quantity for layer in layers}
    quantity = stated.pop() if len(stated) == 1 else None
    if phases.is_phase(quantity):
        values, notes = phases.cut_where_fewest(values)
        problems += notes
    gaps = ~np.isfinite(values)
    if gaps.any():
        for n in np.flatnonzero(gaps.any(axis=(1, 2))):
            whole = values[n][~gaps[n]]
            values[n][gaps[n]] = np.median(whole) if whole.size else 0.0
        share = f"{gaps.mean():.1%} of the pixels hold no number"
        problems.append(
            Problem(
                "warning", "all files", f"{share}.", "They were set to the middle of their frame."
            )
        )
    digits = len(str(len(frames)))
    channels = tuple(f"frame {n:0{digits}d}" for n in range(1, len(frames) + 1))
    sources = {layer.source for layer in layers}
    for row in gathered.rows:
        row["channel"] = row["channel"] or ("frame" if row["name"] in sources else SKIP)
    size_um = told.get("pixel_size_um") or next(
        iter(gathered.facts.get("pixel_size_um", {}).values()), None
    )
    return Measurement(
        channels=channels,
        values=values,
        mask=np.ones((height, width), bool),
        units="intensity",
        pixel_size_um=size_um,
        content="movie",
        problems=tuple(problems),
        provenance={
            "format": " + ".join(gathered.formats),
            "files": gathered.rows,
            "acquisition": {"quantity": quantity} if quantity else {},
            "corrections": dict(told),
            "open": [],
        },
    )


def _frames(gathered: Gathered, told: Mapping[str, str]) -> tuple[list[Layer], list[Problem]]:
    """The pictures that are frames, and what there is to say about the others.

    Scans hold several quantities of every frame: the phase is taken where there is one, else the
    first. Whoever wants another leaves the others out.
    """
    layers = [layer for layer in gathered.layers if told.get(layer.source) != SKIP]
    if not layers:
        raise refusal("all files", "Every picture was left out.", "Keep those of one quantity.")
    # Frames need no names: what a reader says of missing ones is settled.
    problems = [each for each in gathered.problems if "carry no names" not in each.what]
    stated = [layer.quantity for layer in layers]
    quantities = [each for each in dict.fromkeys(stated) if each is not None]
    if None in stated or len(quantities) < 2:
        return layers, problems
    chosen = next((each for each in quantities if each.startswith("Phase")), quantities[0])
    note = Problem(
        "note",
        "all files",
        f"Each file holds {len(quantities)} quantities; frames are those of {chosen}.",
        "To take another, leave the others out below.",
    )
    return [layer for layer in layers if layer.quantity == chosen], [*problems, note]
