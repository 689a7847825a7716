// Printed by fiducial.viewer.colours; change the colour maps there.

const CONTROL_POINTS = {
  "cividis": "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
  "viridis": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
  "grey": "000000 ffffff",
  "cyclic": "e2d9e2 9ebbc9 6785be 5e43a5 421257 471340 8e2c50 ba6657 ceac94 e2d9e2",
  "residual": "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f"
};

/** A colour map as 256 RGB triples (Uint8Array of 768), linear between its control points. */
export function lut(name) {
  const points = CONTROL_POINTS[name].split(" ").map((hex) =>
    [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const table = new Uint8Array(768);
  for (let i = 0; i < 256; i += 1) {
    const at = (i / 255) * (points.length - 1);
    const left = Math.min(Math.floor(at), points.length - 2);
    for (let k = 0; k < 3; k += 1) {
      table[3 * i + k] = Math.round(
        points[left][k] + (at - left) * (points[left + 1][k] - points[left][k]));
    }
  }
  return table;
}
