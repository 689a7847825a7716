// Posterior samples in the place of the estimate: step through them, or let them blink.

const BEAT = 450; // ms per sample

export class Samples {
  #timer = 0;

  constructor(root, state, count) {
    Object.assign(this, { state, count });
    this.caption = root.querySelector("[data-shown]");
    this.play = root.querySelector("[data-blink]");
    this.back = root.querySelector("[data-estimate]");
    this.play.addEventListener("click", () => this.#blink(!this.#timer));
    this.back.addEventListener("click", () => { this.#blink(false); state.set({ sample: null }); });
    for (const [selector, step] of [["[data-previous]", -1], ["[data-next]", 1]]) {
      root.querySelector(selector).addEventListener("click", () => {
        this.#blink(false);
        this.#step(step);
      });
    }
    state.watch(["sample"], () => this.#tell());
  }

  #step(by) {
    const { count, state } = this;
    const next = state.sample === null ? (by > 0 ? 0 : count - 1) : (state.sample + by + count) % count;
    state.set({ sample: next });
  }

  #blink(on) {
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#step(1), BEAT) : 0;
    if (on) this.#step(1);
    this.play.setAttribute("aria-pressed", on);
    this.play.textContent = on ? "Pause" : "Blink samples";
  }

  #tell() {
    const { sample } = this.state;
    this.caption.textContent = sample === null ? "Estimate" : `Sample ${sample + 1} of ${this.count}`;
    this.back.hidden = sample === null;
  }
}
