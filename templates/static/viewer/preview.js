// A run that is not over: its estimate and the samples that have arrived, in one scale.

import { drawBar, gradient } from "./legend.js";

const ASK = 2000; // ms between two questions
const BEAT = 450; // ms per sample

class Preview {
  #blinking = 0;

  constructor(root) {
    Object.assign(this, { root, element: 0, shown: null, found: null });
    this.parts = Object.fromEntries(["elements", "sample-name", "previous", "blink", "next", "arrived"]
      .map((name) => [name, root.querySelector(`[data-${name}]`)]));
    this.pictures = Object.fromEntries(["estimate", "sample"]
      .map((name) => [name, root.querySelector(`[data-picture=${name}]`)]));
    this.parts.previous.addEventListener("click", () => this.#choose(-1));
    this.parts.next.addEventListener("click", () => this.#choose(1));
    this.parts.blink.addEventListener("click", () => this.#blink(!this.#blinking));
    this.#ask();
  }

  async #ask() {
    const answer = await fetch(this.root.dataset.preview).catch(() => null);
    if (answer?.ok) {
      const found = await answer.json();
      if (found.estimate) this.#take(found);
    }
    setTimeout(() => this.#ask(), ASK);
  }

  #take(found) {
    const first = !this.found;
    this.root.querySelector("[data-early]").hidden = found.image !== "first";
    const arrived = found.samples > (this.found?.samples ?? 0);
    this.found = found;
    if (first) this.#begin();
    if (arrived && !this.#blinking) this.shown = found.samples - 1;
    this.parts.arrived.textContent = `${found.samples} of ${found.wanted} samples have arrived.`;
    this.draw();
  }

  #begin() {
    const [height, width] = this.found.shape;
    this.root.style.setProperty("--shape", `${width} / ${height}`);
    this.found.elements.forEach(({ name }, channel) => {
      const label = document.createElement("label");
      label.className = "pick";
      const input = Object.assign(document.createElement("input"),
        { type: "radio", name: "preview-element", value: channel, checked: channel === 0 });
      input.addEventListener("change", () => { this.element = channel; this.draw(); });
      const words = document.createElement("span");
      words.textContent = name;
      label.append(input, words);
      this.parts.elements.append(label);
    });
    this.root.hidden = false;
  }

  #choose(step) {
    this.#blink(false);
    this.#step(step);
  }

  #step(by) {
    const { samples } = this.found;
    if (!samples) return;
    this.shown = ((this.shown ?? 0) + by + samples) % samples;
    this.draw();
  }

  #blink(on) {
    clearInterval(this.#blinking);
    this.#blinking = on ? setInterval(() => this.#step(1), BEAT) : 0;
    this.parts.blink.setAttribute("aria-pressed", on);
    this.parts.blink.textContent = on ? "Pause" : "Blink samples";
  }

  draw() {
    const { found, element, shown, pictures } = this;
    const { name, low, high, palette, title } = found.elements[element];
    this.#show(pictures.estimate, found.image, `Estimate of ${name}`);
    if (shown !== null) {
      this.#show(pictures.sample, `samples/${shown}`, `Posterior sample ${shown + 1} of ${name}`);
      this.parts["sample-name"].textContent = `Sample ${shown + 1} of ${found.wanted}`;
      this.root.querySelector(".preview-wait").hidden = true;
    }
    drawBar(this.root.querySelector(".bar"), gradient(palette), low, high, title);
  }

  #show(picture, image, words) {
    const address = this.found.picture.replace("{image}", image).replace("{channel}", this.element);
    if (picture.getAttribute("src") !== address) picture.src = address;
    picture.alt = words;
    picture.hidden = false;
  }
}

const root = document.querySelector("[data-preview]");
if (root) new Preview(root);
