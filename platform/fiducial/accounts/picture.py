"""The picture on the front page: three panes painted from a finished run, kept as static files."""

import json
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from fiducial.viewer.colours import lut
from workers.store import RunStore

FOLDER = settings.ROOT / "templates" / "static" / "img" / "front"
SHARE = (
    0.2  # of the value shown: what the prior supplied beyond this is hatched, as on a run's page
)
HATCH = (240, 138, 203)


class Window(NamedTuple):
    """A part of the estimate, in fine pixels."""

    row: int
    column: int
    height: int
    width: int


def caption() -> str:
    """What the picture shows, in one sentence."""
    return json.loads((FOLDER / "picture.json").read_text())["caption"]


def paint(store: RunStore, channel: int, window: Window, caption: str, folder: Path) -> None:
    """Write measured.png, estimate.png, invented.png and picture.json of one window of a run."""
    factor = store.shape[0] // store.measured_shape[0]
    coarse = store.window("measured", channel, *(edge // factor for edge in window))
    measured = coarse.repeat(factor, axis=0).repeat(factor, axis=1)
    estimate = store.window("estimate", channel, *window)
    invented = store.window("invented", channel, *window)
    top = float(np.percentile(estimate, 99.5))
    hatched = _colours(estimate, top)
    tau = store.summary["per_channel"][store.channels[channel]]["tau"]
    supplied = np.abs(invented) > SHARE * np.maximum(estimate, tau)
    hatched[_stripes(estimate.shape) & supplied] = HATCH
    panes = {
        "measured": _colours(measured, top),
        "estimate": _colours(estimate, top),
        "invented": hatched,
    }
    for name, pane in panes.items():
        (folder / f"{name}.png").write_bytes(imagecodecs.png_encode(pane, level=9))
    (folder / "picture.json").write_text(json.dumps({"caption": caption}) + "\n")


def _colours(values: NDArray[np.float32], top: float) -> NDArray[np.uint8]:
    """RGB (h, w, 3) of values from 0 to `top`."""
    return lut("cividis")[np.clip(values / top * 255, 0, 255).astype(np.uint8)]


def _stripes(shape: tuple[int, int]) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows + columns) % 6 < 2
