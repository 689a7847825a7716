// The page of a measurement: one map at a time on a canvas, its values under the cursor, and how
// often each value occurs.

import { draw } from "../viewer/figure.js";
import { drawBar, figure, gradient } from "../viewer/legend.js";
import { MapPane } from "../viewer/map.js";
import { colours } from "../viewer/paint.js";
import { TileSource } from "../viewer/tiles.js";
import { View } from "../viewer/view.js";

const config = JSON.parse(document.getElementById("gallery-config").textContent);
const root = document.querySelector(".gallery");
const [rows, columns] = config.shape;
const view = new View(columns, rows);
const pane = new MapPane(root.querySelector("canvas"), view);
const readout = root.querySelector("[data-part=readout]");
const plot = root.querySelector("[data-part=histogram]");
const sources = Object.fromEntries(Object.entries(config.images).map(([name, image]) =>
  [name, new TileSource({ name, address: config.tile, step: rows / image.shape[0], ...image })]));
let shown = config.pictures[0];

function show(picture) {
  shown = picture;
  const palette = picture.image === "guide" ? "grey" : "cividis";
  const unit = picture.image === "guide" ? "grey level" : config.units;
  pane.show([{
    id: "map", sources: [sources[picture.image]], channel: picture.channel, key: picture.name,
    paint: colours(palette, picture.low, picture.high),
  }]);
  drawBar(root.querySelector(".bar"), gradient(palette), picture.low, picture.high,
    `${picture.name}, ${unit}`);
  read();
  plot.hidden = !picture.histogram;
  if (picture.histogram) histogram(picture);
}

async function histogram(picture) {
  const response = await fetch(picture.histogram);
  if (response.ok && shown === picture) await draw(plot, await response.json(), config.plotly);
}

function read() {
  const [x, y] = view.point ?? [-1, -1];
  const value = sources[shown.image].value(shown.channel, x, y);
  if (value === null) {
    readout.textContent = "Point at the map to read a value; scroll or pinch to look closer.";
    return;
  }
  const place = `row ${Math.floor(y)}, column ${Math.floor(x)}`;
  const um = config.pixelUm;
  const where = um ? `${place} · ${(x * um).toFixed(1)} × ${(y * um).toFixed(1)} µm` : place;
  const what = Number.isNaN(value) ? "not measured" : `${shown.name} ${figure(value)}`;
  readout.textContent = `${what} · ${where}`;
}

view.addEventListener("point", read);
for (const source of Object.values(sources)) source.addEventListener("loaded", read);
for (const input of root.querySelectorAll("[name=picture]")) {
  input.addEventListener("change", () => show(config.pictures[Number(input.value)]));
}
show(config.pictures[Number(root.querySelector("[name=picture]:checked")?.value ?? 0)]);
