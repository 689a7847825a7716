"""Pictures and stacks of pictures, as microscopes save them, and their names as layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.measurement import Problem
from workers.readers.contents import Contents, Layer
from workers.readers.limits import MAX_FRAMES, check_array_size, check_map_size
from workers.readers.problems import refusal


@dataclass(frozen=True)
class Picture:
    """A picture (h, w) or the frames of a stack (n, h, w), float32, and what the file calls it."""

    title: str
    values: NDArray[np.float32]
    pixel_um: float | None


def check_shape(where: str, shape: Sequence[int]) -> None:
    """Refuse a picture (h, w) or a stack (n, h, w) that is too large, before it is read."""
    check_map_size(where, shape[-2:])
    check_array_size(where, shape)
    if len(shape) == 3 and shape[0] > MAX_FRAMES:
        raise refusal(
            where,
            f"The stack has {shape[0]:,} pictures; a movie may have up to {MAX_FRAMES:,} frames.",
            "Cut it into shorter movies.",
        )


def contents(file: str, format: str, pictures: Sequence[Picture], left_out: int) -> Contents:
    """All pictures of `file`: "file" alone, "file/title" of several, "#2" behind a frame's."""
    layers: list[Layer] = []
    titles = [picture.title for picture in pictures]
    for number, picture in enumerate(pictures, 1):
        own = picture.title if titles.count(picture.title) == 1 and picture.title else str(number)
        source = file if len(pictures) == 1 else f"{file}/{own}"
        if picture.values.ndim == 2:
            layers.append(Layer(source, picture.values, picture.title or file))
        else:
            layers += [
                Layer(f"{source}#{frame}", plane, None)
                for frame, plane in enumerate(picture.values, 1)
            ]
    known = [picture.pixel_um for picture in pictures if picture.pixel_um is not None]
    return Contents(
        format,
        tuple(layers),
        {"pixel_size_um": known[0]} if known else {},
        problems=left_out_note(file, left_out),
    )


def left_out_note(file: str, count: int) -> tuple[Problem, ...]:
    """What is said of parts of a file that are no pictures; nothing where there are none."""
    if not count:
        return ()
    several = "datasets" if count > 1 else "dataset"
    what = f"Left out: {count} {several} of spectra or other kinds."
    return (Problem("note", file, what, "Nothing, if the images are all you need."),)
