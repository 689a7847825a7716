// A line between two chosen points and the counts along it.

import { draw } from "./figure.js";

export class Profile {
  #points = [];
  #asked = 0;

  constructor(root, panes, state, config) {
    this.words = root.querySelector(".profile-words");
    this.plot = root.querySelector(".figure");
    this.toggle = document.querySelector("[data-profile-toggle]");
    Object.assign(this, { panes, state, config });
    this.toggle.addEventListener("click", () => this.#arm(!state.profiling));
    root.querySelector("[data-profile-start]").addEventListener("click", () => this.#arm(true));
    for (const pane of panes) {
      pane.addEventListener("choose", ({ detail }) => { if (state.profiling) this.#add(detail); });
    }
    state.watch(["profiling"], () => this.#tell());
    state.watch(["element", "level"], () => this.#fetch());
  }

  /** The two ends in world pixels, drawn over the panes. */
  decorate(context, toScreen) {
    if (!this.#points.length) return;
    const ends = this.#points.map(([x, y]) => toScreen(x, y));
    for (const [colour, width] of [["rgb(0 0 0 / 70%)", 4], ["#fff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      for (const [left, top] of ends) context.lineTo(left, top);
      context.stroke();
      for (const [index, [left, top]] of ends.entries()) {
        context.beginPath();
        context.arc(left, top, 5, 0, 2 * Math.PI);
        context.stroke();
        context.fillStyle = index ? "#fff" : "#111";
        context.fill();
      }
    }
  }

  #arm(on) {
    if (on) this.#points = [];
    this.state.set({ profiling: on });
    this.#redraw();
    if (on) document.querySelector("#tab-profile").click();
  }

  #add(point) {
    this.#points = [...this.#points, point];
    if (this.#points.length === 2) {
      this.state.set({ profiling: false });
      this.#fetch();
    } else this.#tell();
    this.#redraw();
  }

  #tell() {
    const { profiling } = this.state;
    this.toggle.setAttribute("aria-pressed", profiling);
    const waiting = this.#points.length
      ? "Now the other end: click it, or move with the arrow keys and press Enter."
      : "Choose the first end on either map: click it, or move with the arrow keys and press Enter.";
    if (profiling) this.words.textContent = waiting;
    else if (this.#points.length === 2) this.words.textContent = "";
  }

  async #fetch() {
    if (this.#points.length !== 2) return;
    this.#asked += 1;
    const mine = this.#asked;
    const [from, to] = this.#points.map(([x, y]) => `${y.toFixed(2)},${x.toFixed(2)}`);
    const query = new URLSearchParams({ channel: this.state.element, from, to, level: this.state.level });
    const response = await fetch(`${this.config.profile}?${query}`);
    const figure = await response.json();
    if (mine !== this.#asked) return;
    this.words.textContent = response.ok ? figure.words : figure.sentence;
    this.plot.hidden = !response.ok;
    if (response.ok) await draw(this.plot, figure, this.config.plotly);
  }

  #redraw() {
    for (const pane of this.panes) pane.redraw();
  }
}
