// Which part of the specimen is looked at; panes that share a View move together.
//
// World coordinates: pixels of the finest picture, (0, 0) its upper left corner, x right, y down.

const CLOSEST = 48; // screen pixels per world pixel

export class View extends EventTarget {
  /** `width` and `height` of the world; `x`, `y` the centre; `zoom` screen pixels per world pixel. */
  constructor(width, height) {
    super();
    Object.assign(this, { width, height, x: width / 2, y: height / 2, zoom: 0, fit: 0 });
    this.point = null; // the world point under the cursor, shared by all panes
  }

  /** The zoom at which the whole world fits into so many screen pixels. */
  fitInto(width, height) {
    return Math.min(width / this.width, height / this.height);
  }

  /** The leading pane tells its size; the smallest zoom shows the whole world in it. */
  resize(width, height) {
    const whole = this.fitInto(width, height);
    const fitted = this.zoom === 0 || Math.abs(this.zoom - this.fit) < 1e-9;
    this.fit = whole;
    this.move({ zoom: fitted ? whole : this.zoom });
  }

  move({ x = this.x, y = this.y, zoom = this.zoom }) {
    this.zoom = Math.min(Math.max(zoom, this.fit), Math.max(CLOSEST, this.fit));
    if (this.zoom === this.fit) {
      [this.x, this.y] = [this.width / 2, this.height / 2];
    } else {
      this.x = Math.min(Math.max(x, 0), this.width);
      this.y = Math.min(Math.max(y, 0), this.height);
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Zoom by a factor, keeping the world point (x, y) where it is on the screen. */
  zoomBy(factor, x = this.x, y = this.y) {
    const zoom = Math.min(Math.max(this.zoom * factor, this.fit), CLOSEST);
    const kept = this.zoom / zoom;
    this.move({ x: x + (this.x - x) * kept, y: y + (this.y - y) * kept, zoom });
  }

  /** Go to a world point, close enough to see `size` world pixels well. */
  flyTo(x, y, size) {
    this.move({ x, y, zoom: Math.max(this.fit * 2, Math.min(24, 80 / size)) });
  }

  pointAt(point) {
    this.point = point;
    this.dispatchEvent(new Event("point"));
  }

  get whole() {
    return this.zoom === this.fit;
  }
}
