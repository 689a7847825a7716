// Hands on a map: mouse, fingers and keys move the View that the panes share.

const CLICK = 5; // CSS pixels a press may wander and still be a click
const PAN = 0.12; // of the pane, per arrow key

export class Gestures {
  #held = new Map(); // pointer id -> {x, y}
  #travelled = 0;

  constructor(pane, zoomStep) {
    this.pane = pane;
    this.zoomStep = zoomStep;
    const { canvas, view } = pane;
    const on = (type, handle, options) => canvas.addEventListener(type, handle.bind(this), options);
    on("pointerdown", this.#down);
    on("pointermove", this.#move);
    on("pointerup", this.#up);
    on("pointercancel", this.#up);
    on("pointerleave", () => view.pointAt(null));
    on("wheel", this.#wheel, { passive: false });
    on("dblclick", (event) => view.zoomBy(2, ...this.#world(event)));
    on("keydown", this.#key);
    on("focus", () => { if (canvas.matches(":focus-visible")) view.pointAt([view.x, view.y]); });
    on("blur", () => view.pointAt(null));
    // Fitted whole there is nothing to pan: one finger then scrolls the page.
    view.addEventListener("change", () => {
      canvas.style.touchAction = view.whole ? "pan-y" : "none";
    });
  }

  #world({ offsetX, offsetY }) {
    return this.pane.toWorld(offsetX, offsetY);
  }

  #down(event) {
    if (!this.#held.size) this.#travelled = 0;
    this.#held.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.pane.canvas.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const { view } = this.pane;
    const before = this.#held.get(event.pointerId);
    if (!before) {
      view.pointAt(this.#world(event));
      return;
    }
    const now = { x: event.offsetX, y: event.offsetY };
    this.#travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (this.#held.size === 2) this.#pinch(event.pointerId, before, now);
    else if (this.#travelled > CLICK) {
      const { zoom } = this.pane;
      view.move({ x: view.x - (now.x - before.x) / zoom, y: view.y - (now.y - before.y) / zoom });
    }
    this.#held.set(event.pointerId, now);
  }

  #pinch(moving, before, now) {
    const [other] = [...this.#held].filter(([id]) => id !== moving).map(([, at]) => at);
    const apart = (at) => Math.hypot(at.x - other.x, at.y - other.y);
    const middle = this.pane.toWorld((now.x + other.x) / 2, (now.y + other.y) / 2);
    this.pane.view.zoomBy(apart(now) / Math.max(apart(before), 1), ...middle);
  }

  #up(event) {
    const press = this.#held.get(event.pointerId);
    this.#held.delete(event.pointerId);
    if (press && event.type === "pointerup" && this.#travelled <= CLICK) {
      const at = this.#world(event);
      this.pane.view.pointAt(at);
      this.#choose(at);
    }
  }

  /** The wheel zooms a map that was clicked; otherwise it scrolls the page, as everywhere. */
  #wheel(event) {
    const { canvas, view } = this.pane;
    if (!event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    view.zoomBy(2 ** (-event.deltaY / 400), ...this.#world(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { pane } = this;
    const { view } = pane;
    const [width, height] = pane.size.map((size) => (size * PAN) / pane.zoom);
    const actions = {
      ArrowLeft: () => view.move({ x: view.x - width }),
      ArrowRight: () => view.move({ x: view.x + width }),
      ArrowUp: () => view.move({ y: view.y - height }),
      ArrowDown: () => view.move({ y: view.y + height }),
      "+": () => view.zoomBy(this.zoomStep),
      "=": () => view.zoomBy(this.zoomStep),
      "-": () => view.zoomBy(1 / this.zoomStep),
      0: () => view.move({ zoom: view.fit }),
      Enter: () => this.#choose([view.x, view.y]),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    view.pointAt([view.x, view.y]); // with keys, the middle of the pane is the cursor
  }

  #choose(detail) {
    this.pane.dispatchEvent(new CustomEvent("choose", { detail }));
  }
}
