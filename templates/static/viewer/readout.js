// What lies under the cursor, in numbers: measured value, estimate, its interval, its risk.

import { figure } from "./legend.js";

export class Readout {
  constructor(root, view, sources, state, { pixelUm, step, intervals }) {
    this.cells = Object.fromEntries(
      [...root.querySelectorAll("[data-value]")].map((cell) => [cell.dataset.value, cell]));
    this.level = root.querySelector("[data-level]");
    Object.assign(this, { view, sources, state, pixelUm, step, intervals });
    this.draw = this.draw.bind(this);
    view.addEventListener("point", this.draw);
    state.watch(["element", "sample", "level"], this.draw);
    for (const name of ["measured", "estimate", "lower", "upper", "std", "risk"]) {
      sources[name]?.addEventListener("loaded", this.draw);
    }
  }

  draw() {
    const { cells, sources, state, view } = this;
    const [x, y] = view.point ?? [-1, -1];
    const inside = x >= 0 && y >= 0 && x < view.width && y < view.height;
    const at = (name) => (inside && sources[name]
      ? sources[name].value(state.element, x, y) : null);
    cells.place.textContent = inside ? this.#place(x, y) : "";
    cells.measured.textContent = this.#number(at("measured"));
    cells.estimate.textContent = this.#number(
      at(state.sample === null ? "estimate" : `samples/${state.sample}`));
    const [lower, upper] = this.#interval(at);
    this.level.textContent = `${Math.round(100 * state.level)} %`;
    cells.interval.textContent = known(lower) && known(upper)
      ? `${figure(lower)} to ${figure(upper)}` : "–";
    const risk = at("risk");
    cells.risk.textContent = known(risk) ? `${Math.round(100 * risk)} %` : "–";
  }

  /** The stored 90 % interval, or as many standard deviations as another level takes. */
  #interval(at) {
    const { level } = this.state;
    if (level === "0.9") return [at("lower"), at("upper")];
    const [estimate, std] = [at("estimate"), at("std")];
    if (!known(estimate) || !known(std)) return [null, null];
    const half = this.intervals[level] * std;
    return [Math.max(0, estimate - half), estimate + half];
  }

  #number(value) {
    if (value === null) return "–";
    return known(value) ? figure(value) : "not measured";
  }

  #place(x, y) {
    const pixel = `row ${Math.floor(y)}, col ${Math.floor(x)}`;
    if (!this.pixelUm) return pixel;
    const um = this.pixelUm / this.step;
    return `${pixel} · ${(x * um).toFixed(1)}, ${(y * um).toFixed(1)} µm`;
  }
}

function known(value) {
  return value !== null && !Number.isNaN(value);
}
