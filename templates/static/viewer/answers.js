// The features found in the estimate, riskiest first; each row flies to its place.

import { figure } from "./legend.js";

const PAGE = 12;
const MISSED = "The estimate lacks these, but samples have them: the specimen may. "
  + "Risk is again the probability that it has not.";

export class Answers {
  #all = [];
  #missed = [];
  #shown = PAGE;

  constructor(root, view, panes, state, address) {
    this.body = root.querySelector(".answers-table tbody");
    this.more = root.querySelector("[data-more]");
    this.words = root.querySelector(".answers-words");
    Object.assign(this, { view, panes, state });
    this.more.addEventListener("click", () => { this.#shown += PAGE; this.#list(); });
    for (const button of root.querySelectorAll("[data-order]")) {
      button.addEventListener("click", () => state.set({ order: button.dataset.order }));
    }
    this.orders = [...root.querySelectorAll("[data-order]")];
    for (const pane of panes) {
      pane.addEventListener("choose", ({ detail }) => this.#choose(pane, detail));
    }
    this.#fetch(address);
  }

  async #fetch(address) {
    const response = await fetch(address);
    if (!response.ok) {
      this.words.textContent = "The features could not be fetched; reload the page.";
      return;
    }
    const { features, missed } = await response.json();
    this.#all = features;
    this.#missed = missed;
    this.orders.find(({ dataset }) => dataset.order === "missed").hidden = !missed.length;
    this.state.watch(["element", "order"], () => { this.#shown = PAGE; this.#list(); });
    this.state.watch(["feature"], () => this.#mark());
  }

  /** This element's features in the chosen order; the perhaps missed likeliest first. */
  get features() {
    const { element, order } = this.state;
    const own = (order === "missed" ? this.#missed : this.#all)
      .filter(({ channel }) => channel === element);
    return order === "riskiest" ? own : own.reverse();
  }

  /** Circles around what is listed, the chosen one stronger. */
  decorate(context, toScreen, zoom) {
    for (const feature of this.features.slice(0, this.#shown)) {
      const [left, top] = toScreen(feature.x + 0.5, feature.y + 0.5);
      const chosen = feature === this.state.feature;
      const radius = Math.max(7, feature.scale * zoom * 1.6);
      context.setLineDash(this.state.order === "missed" ? [4, 3] : []);
      for (const [colour, width] of chosen
        ? [["rgb(0 0 0 / 80%)", 5], ["#fff", 2.5]] : [["rgb(0 0 0 / 45%)", 2.5], ["#fff", 1]]) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.beginPath();
        context.arc(left, top, radius, 0, 2 * Math.PI);
        context.stroke();
      }
    }
    context.setLineDash([]);
  }

  #list() {
    const { features, state } = this;
    for (const button of this.orders) {
      button.setAttribute("aria-pressed", button.dataset.order === state.order);
    }
    this.body.replaceChildren(...features.slice(0, this.#shown).map((item) => this.#row(item)));
    this.more.hidden = features.length <= this.#shown;
    const element = state.elements[state.element].name;
    if (!features.length) this.words.textContent = `No single feature of ${element} stands out.`;
    else this.words.textContent = state.order === "missed" ? MISSED : "";
    this.#mark();
  }

  #row(feature) {
    const row = document.createElement("tr");
    row.feature = feature;
    const sign = feature.amplitude < 0 ? "−" : "+";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fly";
    button.textContent = `${sign}${figure(Math.abs(feature.amplitude))}`;
    button.setAttribute("aria-label", `Show the feature of ${sign}${figure(Math.abs(feature.amplitude))} `
      + `counts at row ${feature.y}, column ${feature.x}`);
    button.addEventListener("click", () => this.#fly(feature));
    const cells = [
      button, meter(feature.risk), feature.visibility > 99 ? "> 99" : feature.visibility.toFixed(1), `${Math.round(100 * feature.share)} %`,
    ];
    for (const content of cells) {
      const cell = row.insertCell();
      cell.className = "number";
      cell.append(content);
    }
    row.addEventListener("click", () => this.#fly(feature));
    return row;
  }

  #fly(feature) {
    this.state.set({ feature });
    this.view.flyTo(feature.x + 0.5, feature.y + 0.5, Math.max(feature.scale * 2, 7));
    this.view.pointAt([feature.x + 0.5, feature.y + 0.5]);
    this.panes.at(-1).canvas.scrollIntoView({ block: "nearest" }); // on a telephone it is far up
  }

  /** A click on a circle chooses its feature, as its row would. */
  #choose(pane, [x, y]) {
    if (this.state.profiling) return;
    const reach = 14 / pane.zoom;
    const near = this.features.slice(0, this.#shown)
      .map((feature) => ({ feature, far: Math.hypot(feature.x + 0.5 - x, feature.y + 0.5 - y) }))
      .filter(({ far, feature }) => far < Math.max(reach, feature.scale * 1.6))
      .sort((a, b) => a.far - b.far);
    this.state.set({ feature: near.length ? near[0].feature : null });
  }

  #mark() {
    for (const row of this.body.rows) {
      row.toggleAttribute("data-chosen", row.feature === this.state.feature);
    }
    for (const pane of this.panes) pane.redraw();
  }
}

/** A probability as a number with a bar behind it. */
function meter(share) {
  const percent = Math.round(100 * share);
  const element = document.createElement("span");
  element.className = "meter";
  element.style.setProperty("--share", `${percent}%`);
  element.textContent = `${percent} %`;
  return element;
}
