// What a run's events add up to, where one alone does not tell it.

export class Progress {
  created = false;
  /** @type {Map<string, [number, number]>} */
  #layers = new Map();

  /** The event; a pull's with the bytes of all layers. @param {import("./events.js").WireEvent} event */
  of(event) {
    const { type, layer, status, current = 0, total } = event;
    if (type === "created") this.created = true;
    if (type !== "pull") return event;
    const known = this.#layers.get(layer);
    if (status === "Downloading" && total) this.#layers.set(layer, [current, total]);
    if (status === "Download complete" && known) known[0] = known[1];
    const sum = { current: 0, total: 0 };
    for (const [got, all] of this.#layers.values()) (sum.current += got), (sum.total += all);
    return { ...event, ...sum };
  }
}
