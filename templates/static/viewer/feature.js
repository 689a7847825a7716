// The card of one feature: its risk beside what was seen of it, every sample's word, a profile
// across it, and what it would take to measure it.

import { draw } from "./figure.js";
import { figure } from "./legend.js";

const AROUND = 3; // the profile reaches so many times its size to either side
const MOST_VISIBLE = 99;

export class FeatureCard {
  #asked = 0;

  constructor(root, state, config) {
    Object.assign(this, { root, state, config });
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.parts = Object.fromEntries(
      ["words", "odds", "take", "across", "close"].map((name) => [name, find(name)]));
    this.title = root.querySelector("h2");
    this.samples = root.querySelector(".feature-samples");
    this.facts = Object.fromEntries(
      [...root.querySelectorAll("[data-fact]")].map((cell) => [cell.dataset.fact, cell]));
    this.parts.close.addEventListener("click", () => state.set({ feature: null, sample: null }));
    state.watch(["feature"], () => this.#show());
    state.watch(["sample"], () => this.#mark());
    state.watch(["level"], () => this.#profile());
  }

  #show() {
    const { feature } = this.state;
    this.root.hidden = !feature;
    if (!feature) return;
    const { parts, facts } = this;
    const missed = this.state.order === "missed";
    const element = this.state.elements[feature.channel].name;
    const kind = feature.amplitude < 0 ? "dark" : "bright";
    this.title.textContent = `A ${kind} feature of ${element}${missed ? ", perhaps missed" : ""}`;
    parts.words.textContent = this.#place(feature);
    facts.risk.textContent = percent(feature.risk);
    facts.visibility.textContent = feature.visibility > MOST_VISIBLE
      ? `above ${MOST_VISIBLE}` : feature.visibility.toFixed(1);
    facts.share.textContent = percent(feature.share);
    this.#presence(feature);
    parts.odds.textContent = this.#odds(feature);
    parts.take.textContent = this.#take(feature);
    this.#profile();
  }

  #place({ amplitude, scale, y, x }) {
    const { pixelUm, factor } = this.config;
    const size = 2.355 * scale; // full width at half maximum
    const across = pixelUm ? `${((size * pixelUm) / factor).toPrecision(2)} µm` : `${size.toFixed(1)} pixels`;
    const height = `${amplitude < 0 ? "−" : "+"}${figure(Math.abs(amplitude))}`;
    return `${height} counts against its surroundings, about ${across} across, `
      + `at row ${Math.floor(y)}, column ${Math.floor(x)}.`;
  }

  #presence({ presence }) {
    const said = [...(presence ?? "")];
    const asked = said.filter((one) => one !== "-");
    const have = asked.filter((one) => one === "1").length;
    this.facts.presence.textContent = asked.length ? `${have} of ${asked.length}` : "not stored";
    this.samples.replaceChildren(...said.map((one, k) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.has = one;
      button.textContent = k + 1;
      const word = { 1: "has it", 0: "has it not", "-": "proposed features, was not asked" }[one];
      button.setAttribute("aria-label", `Sample ${k + 1} ${word}`);
      button.title = `Sample ${k + 1} ${word}`;
      button.addEventListener("click", () => {
        this.state.set({ sample: this.state.sample === k ? null : k });
      });
      return button;
    }));
    this.#mark();
  }

  #mark() {
    for (const [k, button] of [...this.samples.children].entries()) {
      button.setAttribute("aria-pressed", this.state.sample === k);
    }
  }

  /** How often features of such a risk were real on held-out specimens, in words. */
  #odds({ risk }) {
    if (this.state.order === "missed") {
      return "The estimate does not show it; its risk comes from the samples alone.";
    }
    const bins = this.config.reliability ?? [];
    const bin = bins.find(({ low, high }) => risk >= low && risk <= high);
    if (!bin) return "";
    const real = bin.count - bin.absent;
    return `On held-out specimens ${real} of ${bin.count} features with a risk like this one's `
      + "were real.";
  }

  #take({ dwell, step, share, visibility }) {
    if (dwell === undefined || this.state.order === "missed") return "";
    const aim = "To let the counts alone fix four fifths of it and see it at d = 9";
    if (dwell === 1 && step === 1) {
      return "The counts alone fix at least four fifths of it, and see it at d = 9 or better.";
    }
    const ways = [];
    if (dwell) ways.push(`×${Number(dwell.toPrecision(2))} the dwell at the same steps`);
    if (step > 1) ways.push(`steps ${step} times finer at the same dwell (×${step ** 2} the time)`);
    if (!ways.length) {
      const lacks = share < 0.8 ? "it is too small for these steps" : "it is too faint";
      return `${aim}, neither 1000 times the dwell nor steps as fine as this picture would do: `
        + `${visibility < 9 && share >= 0.8 ? "it is too faint" : lacks}.`;
    }
    return `${aim}: ${ways.join(", or ")}.`;
  }

  async #profile() {
    const { feature } = this.state;
    if (!feature) return;
    this.#asked += 1;
    const mine = this.#asked;
    const reach = Math.max(8, Math.round(AROUND * 2.355 * feature.scale));
    const [height, width] = this.config.shape;
    const row = Math.min(feature.y + 0.5, height - 0.5);
    const from = Math.max(feature.x + 0.5 - reach, 0.5);
    const to = Math.min(feature.x + 0.5 + reach, width - 0.5);
    const query = new URLSearchParams({
      channel: feature.channel, from: `${row},${from}`, to: `${row},${to}`, level: this.state.level,
    });
    const response = await fetch(`${this.config.profile}?${query}`);
    if (!response.ok || mine !== this.#asked) return;
    await draw(this.parts.across, await response.json(), this.config.plotly);
  }
}

/** Whole percent; what is not quite 0 or 1 never looks like it. */
function percent(share) {
  const rounded = Math.round(100 * share);
  if (rounded === 0 && share > 0) return "below 1 %";
  return rounded === 100 && share < 1 ? "above 99 %" : `${rounded} %`;
}
