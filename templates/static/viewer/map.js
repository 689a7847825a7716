// A canvas that shows pictures of a store: pan, zoom, crosshair, marks. Reusable on any page.
//
//   const view = new View(width, height);
//   const source = new TileSource({ name: "measured", address, shape, levels, step: 1 });
//   const pane = new MapPane(canvas, view);
//   pane.show([{ id: "measured", sources: [source], channel: 0, paint: colours("cividis", 0, 90) }]);
//
// A layer: `sources` of one grid whose tiles `paint` turns into pixels; `key` changes when the
// same tiles are to be painted anew; `striped` lays stripes where the paint is opaque; `clip`
// (0 to 1) shows only the left part of the pane.

import { Gestures } from "./gestures.js";
import { stripes } from "./paint.js";

const ZOOM_STEP = 1.5;

export class MapPane extends EventTarget {
  #layers = [];
  #painted = new Map(); // layer id -> {key, tiles: Map(tile key -> canvas)}
  #frame = 0;
  #scratch = document.createElement("canvas");

  /** A pane that `leads` says by its size what the whole picture is; one on a page must. */
  constructor(canvas, view, { leads = true } = {}) {
    super();
    this.canvas = canvas;
    this.leads = leads;
    this.view = view;
    this.context = canvas.getContext("2d");
    this.decorate = () => {}; // (context, toScreen): marks drawn above the layers
    this.redraw = this.redraw.bind(this);
    view.addEventListener("change", this.redraw);
    view.addEventListener("point", this.redraw);
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.redraw);
    this.gestures = new Gestures(this, ZOOM_STEP);
  }

  /** Replace the layers, bottom first. */
  show(layers) {
    for (const { sources } of layers) {
      for (const source of sources) source.addEventListener("loaded", this.redraw); // once each
    }
    this.#layers = layers;
    const ids = new Set(layers.map(({ id }) => id));
    for (const id of this.#painted.keys()) if (!ids.has(id)) this.#painted.delete(id);
    this.redraw();
  }

  redraw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** CSS pixels of the pane from world pixels. */
  toScreen(x, y) {
    const { view, zoom } = this;
    const [width, height] = this.size;
    return [(x - view.x) * zoom + width / 2, (y - view.y) * zoom + height / 2];
  }

  /** World pixels from CSS pixels of the pane. */
  toWorld(left, top) {
    const { view, zoom } = this;
    const [width, height] = this.size;
    return [view.x + (left - width / 2) / zoom, view.y + (top - height / 2) / zoom];
  }

  get size() {
    return [this.canvas.clientWidth, this.canvas.clientHeight];
  }

  /** Screen pixels per world pixel: the view's, but a pane of another size shows the same part. */
  get zoom() {
    return this.view.zoom * (this.view.fitInto(...this.size) / this.view.fit);
  }

  #resize() {
    const [width, height] = this.size;
    if (!width || !height) return; // in a closed tab
    this.density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.density);
    this.canvas.height = Math.round(height * this.density);
    if (this.leads) this.view.resize(width, height);
    this.redraw();
  }

  #draw() {
    const { canvas, context, view } = this;
    if (!view.zoom || !this.density || !canvas.clientWidth) return; // not laid out yet
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.#hatch();
    for (const layer of this.#layers) this.#drawLayer(layer);
    context.setTransform(this.density, 0, 0, this.density, 0, 0);
    this.decorate(context, (x, y) => this.toScreen(x, y));
    if (view.point) this.#crosshair(view.point);
  }

  /** Ground of the picture: what no tile covers was not measured. */
  #hatch() {
    const { context, density } = this;
    const style = getComputedStyle(this.canvas);
    const line = { colour: style.getPropertyValue("--line-strong"), width: density };
    context.fillStyle = style.getPropertyValue("--sunken");
    context.fillRect(...this.#device(0, 0, this.view.width, this.view.height));
    context.fillStyle = stripes(context, Math.round(7 * density), [line], false);
    context.fillRect(...this.#device(0, 0, this.view.width, this.view.height));
  }

  /** Whole device pixels [left, top, width, height] of a world rectangle: tiles leave no seams. */
  #device(x, y, width, height) {
    const [left, top] = this.toScreen(x, y).map((at) => Math.round(at * this.density));
    const [right, bottom] = this.toScreen(x + width, y + height)
      .map((at) => Math.round(at * this.density));
    return [left, top, right - left, bottom - top];
  }

  #drawLayer(layer) {
    const { canvas, view } = this;
    const striped = Boolean(layer.striped);
    if (striped) {
      this.#scratch.width = canvas.width; // also clears it
      this.#scratch.height = canvas.height;
    }
    const context = striped ? this.#scratch.getContext("2d") : this.context;
    context.save();
    context.imageSmoothingEnabled = false;
    context.beginPath();
    const [left, top, width, height] = this.#device(0, 0, view.width, view.height);
    const edge = Math.round((layer.clip ?? 1) * canvas.width);
    context.rect(left, top, Math.min(width, edge - left), height);
    context.clip();
    this.#drawTiles(layer, context);
    context.restore();
    if (striped) this.#lay(context);
  }

  /** Turn what is opaque on the scratch canvas into stripes and lay them on the picture. */
  #lay(scratch) {
    const { canvas, density } = this;
    const style = getComputedStyle(canvas);
    scratch.globalCompositeOperation = "source-in";
    const wide = 2.4 * density;
    scratch.fillStyle = stripes(scratch, Math.round(9 * density), [
      { colour: "rgb(255 255 255 / 80%)", width: wide, shift: wide * 0.7 },
      { colour: style.getPropertyValue("--invented"), width: wide },
    ], true);
    scratch.fillRect(0, 0, canvas.width, canvas.height);
    scratch.globalCompositeOperation = "source-over";
    this.context.drawImage(this.#scratch, 0, 0);
  }

  #drawTiles(layer, context) {
    const [source] = layer.sources;
    const level = this.#level(source);
    const span = source.span(level);
    const [rows, columns] = source.extent(level);
    const [x0, y0] = this.toWorld(0, 0);
    const [x1, y1] = this.toWorld(...this.size);
    const first = [Math.max(0, Math.floor(y0 / span)), Math.max(0, Math.floor(x0 / span))];
    const last = [Math.min(rows, Math.ceil(y1 / span)), Math.min(columns, Math.ceil(x1 / span))];
    for (let row = first[0]; row < last[0]; row += 1) {
      for (let column = first[1]; column < last[1]; column += 1) {
        const place = { level, row, column };
        if (!this.#drawTile(layer, context, place, true)) this.#drawCoarser(layer, context, place);
      }
    }
  }

  /** The level whose pixels are not smaller than those of the screen. */
  #level(source) {
    const level = Math.floor(Math.log2(1 / (this.zoom * this.density * source.step)) + 1e-6);
    return Math.min(Math.max(level, 0), source.levels - 1);
  }

  #drawTile(layer, context, { level, row, column }, ask) {
    const get = ask ? "tile" : "peek";
    const tiles = layer.sources.map((source) => source[get](layer.channel, level, row, column));
    if (tiles.some((tile) => !tile)) return false;
    const [source] = layer.sources;
    const [span, pixel] = [source.span(level), source.step * 2 ** level];
    const [{ columns, rows }] = tiles;
    const where = this.#device(column * span, row * span, columns * pixel, rows * pixel);
    context.drawImage(this.#paint(layer, tiles), ...where);
    return true;
  }

  /** While a tile is on its way, show the same place from a coarser level that is here already. */
  #drawCoarser(layer, context, { level, row, column }) {
    const span = layer.sources[0].span(level);
    context.save();
    context.beginPath();
    context.rect(...this.#device(column * span, row * span, span, span));
    context.clip();
    for (let up = 1; level + up < layer.sources[0].levels; up += 1) {
      const place = { level: level + up, row: row >> up, column: column >> up };
      if (this.#drawTile(layer, context, place, false)) break;
    }
    context.restore();
  }

  #paint(layer, tiles) {
    let known = this.#painted.get(layer.id);
    if (!known || known.key !== layer.key) {
      known = { key: layer.key, tiles: new Map() };
      this.#painted.set(layer.id, known);
    }
    const key = `${layer.channel}:${tiles[0].key}`;
    let canvas = known.tiles.get(key);
    if (!canvas) {
      const [{ columns, rows }] = tiles;
      const image = new ImageData(columns, rows);
      layer.paint(tiles.map((tile) => tile.data), image.data);
      canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [columns, rows];
      canvas.getContext("2d").putImageData(image, 0, 0);
      known.tiles.set(key, canvas);
      if (known.tiles.size > 64) known.tiles.delete(known.tiles.keys().next().value);
    }
    return canvas;
  }

  /** A thin cross with a gap in the middle, dark on light so that it shows on every colour. */
  #crosshair([x, y]) {
    const { context } = this;
    const [left, top] = this.toScreen(x, y);
    const arms = [[-13, 0, -4, 0], [4, 0, 13, 0], [0, -13, 0, -4], [0, 4, 0, 13]];
    for (const [colour, width] of [["rgb(0 0 0 / 75%)", 3.5], ["#fff", 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      for (const [fromX, fromY, toX, toY] of arms) {
        context.moveTo(left + fromX, top + fromY);
        context.lineTo(left + toX, top + toY);
      }
      context.stroke();
    }
  }
}
