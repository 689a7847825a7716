// The page of a finished run: one view, two panes, one overlay, and what is asked of them.

import { Answers } from "./answers.js";
import { draw } from "./figure.js";
import { Evidence, followed } from "./evidence.js";
import { FeatureCard } from "./feature.js";
import { estimateLayers, measuredLayers, residualLayers } from "./layers.js";
import { Legend, drawBar, gradient } from "./legend.js";
import { MapPane } from "./map.js";
import { Profile } from "./profile.js";
import { Readout } from "./readout.js";
import { Samples } from "./samples.js";
import { State } from "./state.js";
import { tabs } from "./tabs.js";
import { TileSource } from "./tiles.js";
import { View } from "./view.js";

const config = JSON.parse(document.getElementById("viewer-config").textContent);
const root = document.querySelector(".viewer");
const [height, width] = config.shape;
const factor = height / config.measuredShape[0];

const sources = Object.fromEntries(Object.entries(config.images).map(([name, image]) =>
  [name, new TileSource({ name, address: config.tile, step: height / image.shape[0], ...image })]));
const first = config.elements[0];
const state = new State({
  elements: config.elements, element: 0, low: first.low, high: first.high,
  overlay: "none", palette: "cividis", share: 20, sample: null, swipe: 0,
  guideRange: config.guideRange, order: "riskiest", feature: null, profiling: false,
  level: "0.9", evidence: "evidence",
});
const view = new View(width, height);
const panes = {
  measured: new MapPane(document.getElementById("map-measured"), view),
  estimate: new MapPane(document.getElementById("map-estimate"), view),
};
const both = Object.values(panes);

remember();
const looks = ["element", "overlay", "palette", "low", "high", "share", "sample", "swipe"];
state.watch(looks, () => {
  panes.measured.show(measuredLayers(sources, state));
  panes.estimate.show(estimateLayers(sources, state));
});
new Legend(root.querySelector(".legend"), state, { units: config.units, factor, intervals: config.intervals });
new Readout(root.querySelector(".readout"), view, sources, state,
  { pixelUm: config.pixelUm, step: factor, intervals: config.intervals });
new Samples(root.querySelector(".pane-estimate"), state, config.samples);
const profile = new Profile(document.getElementById("panel-profile"), both, state, config);
const answers = new Answers(document.querySelector(".answers"), view, both, state, config.features);
new FeatureCard(document.getElementById("feature"), state, { ...config, factor });
for (const pane of both) {
  pane.decorate = (context, toScreen) => {
    answers.decorate(context, toScreen, pane.zoom);
    profile.decorate(context, toScreen);
  };
}

choices("[name=element]", "element", Number);
choices("[name=overlay]", "overlay", String);
choices("[name=palette]", "palette", String);
choices("[name=level]", "level", String);
state.watch(["element"], () => {
  const { low, high } = state.elements[state.element];
  state.set({ low, high, feature: null });
  for (const line of document.querySelectorAll("[data-about]")) {
    line.hidden = Number(line.dataset.about) !== state.element;
  }
});
const swipe = root.querySelector("[name=swipe]");
swipe?.addEventListener("input", () => state.set({ swipe: swipe.valueAsNumber }));
for (const button of root.querySelectorAll("[data-zoom]")) {
  const actions = {
    in: () => view.zoomBy(1.5), out: () => view.zoomBy(1 / 1.5),
    whole: () => view.move({ zoom: view.fit }),
  };
  button.addEventListener("click", actions[button.dataset.zoom]);
}
for (const source of Object.values(sources)) {
  source.addEventListener("failed", () => { root.querySelector(".viewer-failed").hidden = false; });
}
openTabs();

export { config, sources, state, view }; // for what other rooms add to the page

/** Radio buttons that set one choice of the state, and follow it. */
function choices(selector, name, cast) {
  for (const input of root.querySelectorAll(selector)) {
    input.checked = cast(input.value) === state[name];
    input.addEventListener("change", () => state.set({ [name]: cast(input.value) }));
  }
}

/** The address keeps what is looked at, so that a link shows it to somebody else. */
function remember() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const element = state.elements.findIndex(({ name }) => name === kept.get("element"));
  if (element > 0) state.set({ element });
  const overlays = [...root.querySelectorAll("[name=overlay]")].map(({ value }) => value);
  if (overlays.includes(kept.get("overlay"))) state.set({ overlay: kept.get("overlay") });
  state.addEventListener("change", () => {
    const now = { element: state.elements[state.element].name, overlay: state.overlay };
    history.replaceState(null, "", `#${new URLSearchParams(now)}`);
  });
}

/** Maps and figures behind the tabs are made when their tab is first opened. */
function openTabs() {
  const made = new Set();
  const linked = (id, layers) => {
    const pane = new MapPane(document.getElementById(id), view, { leads: false });
    pane.decorate = both[0].decorate;
    state.watch(["element"], () => pane.show(layers(sources, state)));
  };
  const figure = async (name) => {
    if (!config.figures[name]) return;
    const drawn = await (await fetch(config.figures[name])).json();
    await draw(document.getElementById(`figure-${name}`), drawn, config.plotly);
  };
  const make = {
    "tab-residuals": async () => {
      linked("map-residuals", residualLayers);
      drawBar(document.querySelector(".bar-residuals"), gradient("residual"), -4, 4,
        "standard deviations");
      await figure("agreement");
    },
    "tab-calibration": async () => {
      for (const name of ["calibration", "reliability", "ranks", "tarp"]) await figure(name);
    },
    "tab-evidence": () => {
      const panel = document.getElementById("panel-evidence");
      if (sources.evidence) new Evidence(panel, both[0], sources, state, config);
      const plot = document.getElementById("figure-evidence");
      if (plot) followed(plot, config.figures.evidence, state, config);
    },
  };
  tabs(document.querySelector("[role=tablist]"), (id) => {
    if (made.has(id)) return;
    made.add(id);
    make[id]?.();
  });
}
