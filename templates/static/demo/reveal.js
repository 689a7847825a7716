// The demo's Reveal: mark five features of the estimate, then compare them with the slow scan.

import { estimateLayers, measuredLayers } from "../viewer/layers.js";
import { figure } from "../viewer/legend.js";
import { MapPane } from "../viewer/map.js";
import { config as page, sources, state, view } from "../viewer/run.js";
import { TileSource } from "../viewer/tiles.js";

const root = document.getElementById("reveal");
const config = JSON.parse(document.getElementById("reveal-config").textContent);

if (config.tile) compare();
else collect();

/** Fill the five places with the features a visitor chooses. */
function collect() {
  const marked = [];
  const places = [...root.querySelectorAll(".reveal-marks li")];
  const [mark, reveal] = [root.querySelector("[data-mark]"), root.querySelector("[data-reveal]")];
  const words = root.querySelector(".reveal-words");
  const same = (one, other) => value(one) === value(other);

  const bar = root.querySelector(".reveal-bar");
  const list = () => {
    bar.toggleAttribute("data-following", Boolean(state.feature || marked.length));
    places.forEach((place, index) => fill(place, index));
    const chosen = state.feature;
    const known = chosen && marked.some((each) => same(each, chosen));
    mark.disabled = !chosen || known || marked.length === config.marks;
    mark.textContent = chosen && !known
      ? `Mark ${title(chosen)}` : "Mark the chosen feature";
    reveal.disabled = marked.length !== config.marks;
    words.textContent = marked.length === config.marks
      ? "Five of five are marked. Reveal cannot be taken back."
      : `${marked.length || "None"} of five ${marked.length === 1 ? "is" : "are"} marked.`;
  };

  const fill = (place, index) => {
    const feature = marked[index];
    place.toggleAttribute("data-empty", !feature);
    if (!feature) {
      place.textContent = `${index + 1}`;
      return;
    }
    const input = Object.assign(document.createElement("input"),
      { type: "hidden", name: "mark", value: value(feature) });
    const drop = Object.assign(document.createElement("button"),
      { type: "button", textContent: "×" });
    drop.setAttribute("aria-label", `Take back ${title(feature)}`);
    drop.addEventListener("click", () => { marked.splice(index, 1); list(); mark.focus(); });
    place.replaceChildren(where(feature), input, drop);
  };

  mark.addEventListener("click", () => { marked.push(state.feature); list(); });
  state.watch(["feature"], list);
}

/** The slow scan beside the estimate, with circles around what was judged. */
function compare() {
  const slow = new TileSource({
    name: "slow", address: config.tile, shape: config.shape, levels: config.levels,
    step: page.shape[0] / config.shape[0],
  });
  const panes = [["map-slow", () => slowLayers(slow)], ["map-judged", () => judgedLayers()]]
    .map(([id, layers]) => {
      const pane = new MapPane(document.getElementById(id), view, { leads: false });
      pane.decorate = (context, toScreen) => circles(context, toScreen, pane.zoom);
      state.watch(["element", "palette", "low", "high"], () => pane.show(layers()));
      return pane;
    });
  for (const button of root.querySelectorAll("[data-fly]")) {
    const row = button.closest("tr");
    const [channel, x, y] = ["channel", "x", "y"].map((name) => Number(row.dataset[name]));
    row.addEventListener("click", () => {
      document.querySelector(`[name=element][value="${channel}"]`).click();
      view.flyTo(x + 0.5, y + 0.5, 6);
      view.pointAt([x + 0.5, y + 0.5]);
      panes[0].canvas.scrollIntoView({ block: "nearest" });
    });
  }
}

function slowLayers(slow) {
  const plain = { ...state, overlay: "none" };
  return measuredLayers({ measured: slow }, plain).map((layer) =>
    ({ ...layer, channel: config.channels.indexOf(state.elements[state.element].name) }));
}

function judgedLayers() {
  return estimateLayers(sources, { ...state, overlay: "none", sample: null, swipe: 0 });
}

const DASHES = { yes: [], no: [7, 5], "cannot tell": [2, 4] };

function circles(context, toScreen, zoom) {
  for (const row of root.querySelectorAll("tr[data-channel]")) {
    if (Number(row.dataset.channel) !== state.element) continue;
    const [left, top] = toScreen(Number(row.dataset.x) + 0.5, Number(row.dataset.y) + 0.5);
    context.setLineDash(DASHES[row.dataset.present]);
    for (const [colour, width] of [["rgb(0 0 0 / 70%)", 4], ["#fff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.arc(left, top, Math.max(9, 4 * zoom), 0, 2 * Math.PI);
      context.stroke();
    }
  }
  context.setLineDash([]);
}

function value({ channel, y, x }) {
  return `${channel},${y},${x}`;
}

function title(feature) {
  const sign = feature.amplitude < 0 ? "−" : "+";
  return `${where(feature)} (${sign}${figure(Math.abs(feature.amplitude))})`;
}

function where({ channel, y, x }) {
  return `${state.elements[channel].name} at ${y}, ${x}`;
}
