// From values to colours: painters fill RGBA pixels from one or more float32 tiles.

import { lut } from "./luts.js";

/** Values, or a `measure` of them, between `low` and `high` in a map's colours; NaN stays clear. */
export function colours(name, low, high, measure = (value) => value) {
  const table = lut(name);
  const scale = 255 / (high - low || 1);
  return ([values], out) => {
    for (let i = 0; i < values.length; i += 1) {
      const value = measure(values[i]);
      if (value !== value) continue; // NaN: not measured
      const at = 3 * Math.min(255, Math.max(0, Math.round((value - low) * scale)));
      out[4 * i] = table[at];
      out[4 * i + 1] = table[at + 1];
      out[4 * i + 2] = table[at + 2];
      out[4 * i + 3] = 255;
    }
  };
}

/** One colour, the more opaque the larger `measure(values…)` is: clear at 0, `most` at 1. */
export function veil([red, green, blue], measure, most = 0.92) {
  return (tiles, out) => {
    for (let i = 0; i < tiles[0].length; i += 1) {
      const share = measure(...tiles.map((values) => values[i]));
      if (!(share > 0)) continue;
      out[4 * i] = red;
      out[4 * i + 1] = green;
      out[4 * i + 2] = blue;
      out[4 * i + 3] = 255 * most * Math.min(1, share);
    }
  };
}

/** Opaque where `chosen(values…)` holds: the pane lays its stripes there. */
export function stencil(chosen) {
  return (tiles, out) => {
    for (let i = 0; i < tiles[0].length; i += 1) {
      if (chosen(...tiles.map((values) => values[i]))) out[4 * i + 3] = 255;
    }
  };
}

/** Diagonal stripes as a canvas pattern, `size` device pixels apart; rising or falling. */
export function stripes(context, size, strokes, rising) {
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  for (const { colour, width, shift = 0 } of strokes) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    for (let at = -size; at <= size; at += size) {
      pen.beginPath();
      const from = at + shift;
      pen.moveTo(from - 2, rising ? size + 2 : -2);
      pen.lineTo(from + size + 2, rising ? -2 : size + 2);
      pen.stroke();
    }
  }
  return context.createPattern(tile, "repeat");
}
