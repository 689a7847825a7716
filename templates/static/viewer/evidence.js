// The evidence tab: one map of what the counts fixed, as chosen, and its curve.

import { draw } from "./figure.js";
import { drawBar, gradient } from "./legend.js";
import { MapPane } from "./map.js";
import { evidenceLayers } from "./layers.js";

const SIZES = [2, 4, 8, 16, 32];
const WORDS = {
  evidence: "Share of a structure of four pixels that the counts fix: dark places are imagined.",
  resolution: "The smallest structure of which the counts fix one half: dark is fine, bright is coarse.",
  reliance: "How much of what narrows the interval is a prior: near 1 the counts alone say little.",
  smooth: "What any smooth picture through the counts shows: no network took part in it.",
  invented: "What the networks added to it, in counts: the instrument cannot see this part.",
};

export class Evidence {
  constructor(root, pane, sources, state, config) {
    Object.assign(this, { root, sources, state, config });
    this.pane = new MapPane(document.getElementById("map-evidence"), pane.view, { leads: false });
    this.pane.decorate = pane.decorate;
    for (const input of root.querySelectorAll("[name=evidence]")) {
      input.addEventListener("change", () => state.set({ evidence: input.value }));
    }
    state.watch(["element", "evidence", "low", "high"], () => this.#show());
  }

  #show() {
    const { state } = this;
    this.pane.show(evidenceLayers(this.sources, state));
    this.root.querySelector(".evidence-words").textContent = WORDS[state.evidence];
    const bar = this.root.querySelector(".bar-evidence");
    const { name, tau } = state.elements[state.element];
    const bars = {
      evidence: () => drawBar(bar, gradient("viridis"), 0, 1, "share of a 4-pixel structure"),
      resolution: () => this.#sizes(bar),
      reliance: () => drawBar(bar, gradient("viridis"), 0, 1, "prior reliance"),
      smooth: () => drawBar(bar, gradient("cividis"), state.low, state.high, `${name}, counts`),
      invented: () => drawBar(bar, gradient("residual"), -tau, tau, `${name}, counts`),
    };
    bars[state.evidence]();
  }

  /** Sizes double along the bar. */
  #sizes(bar) {
    drawBar(bar, gradient("viridis"), 1, 5, "pixels of the estimate; 32 stands for more, too");
    for (const [index, tick] of [...bar.querySelectorAll(".bar-ticks span")].entries()) {
      tick.textContent = SIZES[index];
    }
  }
}

/** Draw a figure that follows the element looked at. */
export function followed(element, address, state, config) {
  state.watch(["element"], async () => {
    const { name } = state.elements[state.element];
    const answer = await fetch(`${address}?element=${encodeURIComponent(name)}`);
    if (answer.ok) await draw(element, await answer.json(), config.plotly);
  });
}
