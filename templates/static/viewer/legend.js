// The colour bar with its ticks and unit, and what the overlay means.

import { VEILS, palette } from "./layers.js";
import { lut } from "./luts.js";

const EVERY_PIXEL = "At ×1 every pixel was measured: the prior could decide only within counting "
  + "noise, and the interval shows how far.";
const UNITS = { counts: "counts per dwell" };

/** A number with as many digits as a map's counts deserve. */
export function figure(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** Round numbers inside [low, high], about `wanted` of them. */
export function ticks(low, high, wanted = 5) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => (first + index) * step);
}

export function gradient(name) {
  const table = lut(name);
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = 3 * Math.min(255, i * 16);
    return `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Fill a `.bar` element: its ramp, and ticks below it. */
export function drawBar(bar, background, low, high, unit) {
  bar.querySelector(".bar-ramp").style.background = background;
  bar.querySelector(".bar-unit").textContent = unit;
  bar.querySelector(".bar-ticks").replaceChildren(...ticks(low, high).map((value) => {
    const tick = document.createElement("span");
    tick.textContent = figure(value);
    tick.style.left = `${(100 * (value - low)) / (high - low)}%`;
    return tick;
  }));
}

function veilBackground([red, green, blue]) {
  return `linear-gradient(to right, rgb(${red} ${green} ${blue} / 0), rgb(${red} ${green} ${blue} / 0.92)), `
    + "linear-gradient(to right, #666, #999)";
}

export class Legend {
  constructor(root, state, { units, factor, intervals }) {
    this.root = root;
    this.state = state;
    this.factor = factor;
    this.intervals = intervals;
    this.unit = UNITS[units] ?? units;
    const find = (selector) => root.querySelector(selector);
    this.parts = {
      counts: find(".bar-counts"), overlay: find(".bar-overlay"), words: find(".legend-words"),
      low: find("[name=low]"), high: find("[name=high]"), share: find("[name=share]"),
      shareField: find(".legend-share"), shareShown: find(".legend-share output"),
      stripes: find(".legend-stripes"), level: find(".legend-level"),
    };
    this.#listen(find(".bar-reset"));
    state.watch(["element", "overlay", "palette", "low", "high", "share", "level"],
      () => this.draw());
  }

  #listen(reset) {
    const { low, high, share } = this.parts;
    const range = () => {
      const [from, to] = [low.valueAsNumber, high.valueAsNumber];
      if (to > from) this.state.set({ low: from, high: to });
    };
    low.addEventListener("change", range);
    high.addEventListener("change", range);
    share.addEventListener("input", () => this.state.set({ share: share.valueAsNumber }));
    reset.addEventListener("click", () => {
      const { low: from, high: to } = this.state.elements[this.state.element];
      this.state.set({ low: from, high: to });
    });
  }

  draw() {
    const { parts, state, unit } = this;
    const element = state.elements[state.element];
    drawBar(parts.counts, gradient(palette(state)), state.low, state.high, `${element.name}, ${unit}`);
    parts.low.value = figure(state.low);
    parts.high.value = figure(state.high);
    parts.shareField.hidden = state.overlay !== "invented" || this.factor === 1;
    parts.stripes.hidden = parts.shareField.hidden;
    parts.overlay.hidden = !VEILS[state.overlay];
    if (parts.level) parts.level.hidden = state.overlay !== "interval";
    parts.shareShown.textContent = `${state.share} %`;
    parts.words.textContent = this.#words(element);
    if (state.overlay === "risk") {
      drawBar(parts.overlay, veilBackground(VEILS.risk), 0, 1, "risk, a probability");
    } else if (state.overlay === "interval") {
      // Colours stay as they are: every interval is so many times the same standard deviation.
      const most = element.interval * (parts.level
        ? this.intervals[state.level] / this.intervals["0.9"] : 1);
      drawBar(parts.overlay, veilBackground(VEILS.interval), 0, most, `half-width, ${unit}`);
    }
  }

  #words({ tau }) {
    const { overlay, share } = this.state;
    return {
      none: "",
      invented: this.factor === 1 ? EVERY_PIXEL : `Striped: the learned prior supplied more than ${share} % of the value shown `
        + `(or of ${figure(tau)} counts, where less is shown).`,
      risk: `Risk: the probability that the estimate is wrong by more than ${figure(tau)} counts.`,
      interval: `Half the width of the ${Math.round(100 * this.state.level)} % interval: where it is `
        + "wide, little is known.",
    }[overlay];
  }
}
