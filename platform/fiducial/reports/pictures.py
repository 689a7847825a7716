"""Pictures of a report: crops and overviews as PNG data, pixels as they are."""

import base64
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from fiducial.viewer import colours, scales, tiles
from workers.store import RunStore

OVERVIEW = 640  # pixels an overview is at most wide
CROP = 36  # fine pixels a crop shows, at least; six sizes of its feature if that is more
SPACING = 9  # pixels from stripe to stripe
INVENTED, WHITE = (168, 50, 127), (255, 255, 255)
GROUND, LINE = (238, 241, 240), (139, 150, 157)
SHARE = 0.2  # of the value shown; above it the prior's part is striped

Window = tuple[int, int, int, int]  # top, left, height, width
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Crop:
    """A square part of a map around a feature: pictures and where the feature lies in them."""

    pictures: tuple[tuple[str, str], ...]  # (data URI, name); lengths below are percent of them
    x100: float  # of the feature
    y100: float
    r100: float
    bar100: float  # length of the scale bar
    bar_words: str


class Artist:
    """Draws the maps of one run, each element in one range of colours."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self.ranges = scales.of_run(store.path)
        self.tau = [store.summary["per_channel"][name]["tau"] for name in store.channels]
        self.factor = store.shape[0] // store.measured_shape[0]

    def overview(self, image: str, channel: int, striped: bool = False) -> str:
        """A whole map as a data URI, `OVERVIEW` pixels wide or smaller, stripes on request."""
        level = 0
        while max(self.store.image(image, level).shape[-2:]) > OVERVIEW:
            level += 1
        shape = self.store.image(image, level).shape[-2:]
        grow = max(1, OVERVIEW // max(shape))
        return data_uri(self._picture(image, channel, (0, 0, *shape), level, grow, striped))

    def crop(self, channel: int, y: float, x: float, size: float) -> Crop:
        """The surroundings of a feature of `size` fine pixels centred on (y, x)."""
        factor, (height, width) = self.factor, self.store.shape
        side = min(max(CROP, round(6 * size)) // factor * factor, height, width)
        top, left = (
            int(np.clip(at - side / 2, 0, whole - side)) // factor * factor
            for at, whole in ((y, height), (x, width))
        )
        fine = (top, left, side, side)
        coarse = tuple(at // factor for at in fine)
        grow = max(1, 360 // side)
        measured = self._picture("measured", channel, coarse, 0, grow * factor, False)
        estimate = self._picture("estimate", channel, fine, 0, grow, True)
        bar, words = self._bar(side)
        return Crop(
            pictures=((data_uri(measured), "measured"), (data_uri(estimate), "estimate")),
            x100=round(100 * (x + 0.5 - left) / side, 2),
            y100=round(100 * (y + 0.5 - top) / side, 2),
            r100=round(max(7, 120 * size / side), 2),
            bar100=round(100 * bar, 2),
            bar_words=words,
        )

    def _picture(
        self, image: str, channel: int, window: Window, level: int, grow: int, striped: bool
    ) -> NDArray[np.uint8]:
        """RGB of a window, `grow` times enlarged, hatched where nothing was measured."""
        values = self.store.window(image, channel, *window, level)
        low, high = self.ranges[channel]["low"], self.ranges[channel]["high"]
        index = np.clip((values - low) / (high - low) * 255, 0, 255).astype(np.uint8)
        picture = enlarged(colours.lut("cividis")[index], grow)
        if striped:
            invented = self.store.window("invented", channel, *window, level)
            chosen = np.abs(invented) > SHARE * np.maximum(values, self.tau[channel])
            lay_stripes(picture, enlarged(chosen, grow), (INVENTED,) * 3 + (WHITE,), rising=True)
        unmeasured = ~tiles.measured(self.store, image, level, *window[:2], values.shape)
        picture[enlarged(unmeasured, grow)] = GROUND
        lay_stripes(picture, enlarged(unmeasured, grow), (LINE,), rising=False)
        return picture

    def _bar(self, side: int) -> tuple[float, str]:
        """A scale bar of a round length of about a third of the crop."""
        measured = self.store.provenance.get("pixel_size_um")
        pixel = measured / self.factor if measured else 1.0
        third = side * pixel / 3
        power = 10.0 ** np.floor(np.log10(third))
        length = float(max(step * power for step in (1, 2, 5) if step * power <= third))
        return length / (side * pixel), f"{length:g} {'µm' if measured else 'px'}"


def enlarged(values: NDArray[Any], grow: int) -> NDArray[Any]:
    """Every pixel `grow` × `grow` times: nothing is smoothed."""
    return values.repeat(grow, 0).repeat(grow, 1)


def lay_stripes(
    picture: NDArray[np.uint8], where: NDArray[np.bool_], strokes: tuple[Colour, ...], rising: bool
) -> None:
    """Draw diagonal stripes, one pixel per stroke, into the chosen part of an RGB picture."""
    y, x = np.indices(where.shape, sparse=True)
    phase = (x + y if rising else x - y) % SPACING
    for at, colour in enumerate(strokes):
        picture[where & (phase == at)] = colour


def data_uri(picture: NDArray[np.uint8]) -> str:
    """RGB (h, w, 3) as a PNG that needs no file."""
    png = imagecodecs.png_encode(np.ascontiguousarray(picture), level=6)
    return "data:image/png;base64," + base64.b64encode(png).decode()
