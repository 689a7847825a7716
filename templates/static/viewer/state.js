// What a visitor has chosen on the run page; every part redraws from it when it changes.

export class State extends EventTarget {
  constructor(values) {
    super();
    Object.assign(this, values);
  }

  /** Change some choices; listeners of "change" get the names of those that did. */
  set(values) {
    const changed = Object.keys(values).filter((key) => this[key] !== values[key]);
    if (!changed.length) return;
    Object.assign(this, values);
    this.dispatchEvent(new CustomEvent("change", { detail: new Set(changed) }));
  }

  /** Call `listener` now and whenever one of the named choices changes. */
  watch(names, listener) {
    this.addEventListener("change", ({ detail }) => {
      if (names.some((name) => detail.has(name))) listener();
    });
    listener();
  }
}
