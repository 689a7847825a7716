// Float32 tiles of one picture, fetched when first asked for and kept while there is room.

const SIDE = 256;
const KEEP = 400; // tiles; 100 MB at most

/** One picture of the store: `shape` [rows, columns] at level 0, `step` its pixel in world pixels. */
export class TileSource extends EventTarget {
  #tiles = new Map(); // address -> {data, rows, columns}, null while under way, false when missing

  constructor({ name, address, shape, levels, step }) {
    super();
    Object.assign(this, { name, shape, levels, step });
    this.address = address;
  }

  /** How many rows and columns of tiles the level has. */
  extent(level) {
    return this.shape.map((size) => Math.ceil(Math.ceil(size / 2 ** level) / SIDE));
  }

  /** The size of a tile of the level in world pixels. */
  span(level) {
    return SIDE * this.step * 2 ** level;
  }

  /** The tile, or null while it is on its way ("loaded" is dispatched when it came). */
  tile(channel, level, row, column) {
    const key = `${channel}/${level}/${row}/${column}`;
    const known = this.#tiles.get(key);
    if (known === undefined) {
      this.#tiles.set(key, null);
      this.#fetch(key, channel, level, row, column);
    } else if (known) {
      this.#tiles.delete(key); // the last asked for is the last to go
      this.#tiles.set(key, known);
    }
    return known || null;
  }

  /** The tile if it is here already; asks for nothing. */
  peek(channel, level, row, column) {
    return this.#tiles.get(`${channel}/${level}/${row}/${column}`) || null;
  }

  /** The value under a world point at full size: a number, NaN if unmeasured, null if not here. */
  value(channel, x, y) {
    const column = Math.floor(x / this.step);
    const row = Math.floor(y / this.step);
    if (row < 0 || column < 0 || row >= this.shape[0] || column >= this.shape[1]) return null;
    const tile = this.tile(channel, 0, Math.floor(row / SIDE), Math.floor(column / SIDE));
    return tile && tile.data[(row % SIDE) * tile.columns + (column % SIDE)];
  }

  async #fetch(key, channel, level, row, column) {
    const address = this.address
      .replace("{image}", this.name).replace("{channel}", channel).replace("{level}", level)
      .replace("{row}", row).replace("{column}", column);
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`${response.status}`);
      const [rows, columns] = response.headers.get("X-Tile-Shape").split(",").map(Number);
      const data = new Float32Array(await response.arrayBuffer());
      this.#tiles.set(key, { key, data, rows, columns });
    } catch (failure) {
      this.#tiles.set(key, false);
      this.dispatchEvent(new CustomEvent("failed", { detail: failure }));
      return;
    }
    for (const old of this.#tiles.keys()) {
      if (this.#tiles.size <= KEEP) break;
      this.#tiles.delete(old);
    }
    this.dispatchEvent(new Event("loaded"));
  }
}
