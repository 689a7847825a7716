"""The colour maps of pages and reports; `templates/static/viewer/luts.js` is printed from here.

Values: cividis (made for colour-blind eyes) and viridis. Residuals: ColorBrewer's RdBu turned
round, so that a count too many is red. Phases and angles: Bastian Bechtold's twilight, perceptually
even and the same at both ends. Control points of equal distance, linear in between.

    PYTHONPATH=platform python -m fiducial.viewer.colours > templates/static/viewer/luts.js
"""

import json
import sys

import numpy as np
from numpy.typing import NDArray

CONTROL_POINTS = {
    "cividis": "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
    "viridis": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    "grey": "000000 ffffff",
    "cyclic": "e2d9e2 9ebbc9 6785be 5e43a5 421257 471340 8e2c50 ba6657 ceac94 e2d9e2",
    "residual": "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
}

MODULE = """\
// Printed by fiducial.viewer.colours; change the colour maps there.

const CONTROL_POINTS = {points};

/** A colour map as 256 RGB triples (Uint8Array of 768), linear between its control points. */
export function lut(name) {{
  const points = CONTROL_POINTS[name].split(" ").map((hex) =>
    [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const table = new Uint8Array(768);
  for (let i = 0; i < 256; i += 1) {{
    const at = (i / 255) * (points.length - 1);
    const left = Math.min(Math.floor(at), points.length - 2);
    for (let k = 0; k < 3; k += 1) {{
      table[3 * i + k] = Math.round(
        points[left][k] + (at - left) * (points[left + 1][k] - points[left][k]));
    }}
  }}
  return table;
}}
"""


def lut(name: str) -> NDArray[np.uint8]:
    """The colour map `name` as uint8 (256, 3)."""
    points = [list(bytes.fromhex(point)) for point in CONTROL_POINTS[name].split()]
    at = np.linspace(0, len(points) - 1, 256)
    columns = np.array(points, float).T
    channels = [np.interp(at, np.arange(len(points)), column) for column in columns]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def scale(name: str) -> list[tuple[float, str]]:
    """The colour map as Plotly takes it."""
    points = CONTROL_POINTS[name].split()
    return [(k / (len(points) - 1), f"#{point}") for k, point in enumerate(points)]


def painted(
    values: NDArray[np.float32],
    mask: NDArray[np.bool_],
    palette: str,
    scale: tuple[float, float],
) -> NDArray[np.uint8]:
    """RGBA (h, w, 4): colours from `scale[0]` to `scale[1]`, clear where nothing was measured."""
    low, high = scale
    level = np.clip((values - low) / (high - low or 1.0), 0, 1) * 255
    colours = lut(palette)[level.astype(np.uint8)]
    alpha = np.where(mask, 255, 0).astype(np.uint8)[..., None]
    return np.concatenate([colours, alpha], axis=-1)


def javascript() -> str:
    """The text of `luts.js`."""
    return MODULE.format(points=json.dumps(CONTROL_POINTS, indent=2))


if __name__ == "__main__":
    sys.stdout.write(javascript())
