// Draws what a run uses while it runs: a small chart for each measure that the fence names.
import { part, vector } from "../dom.js";
import { amountText, kernelText, measures } from "./strings.js";

// the shortest time axis, in s, and the height of a chart as a multiple of its highest value
const LEAST = 2;
const ROOM = 1.15;

// the kernel's, in s, in which a run may use so much CPU
const PERIOD = 0.1;
/** The measures of what is held; the others flow. */
const HELD = /memory|pids/;
/** The reading of a run that has just begun. @type {WireEvent} */
const START = { type: "stats", cpu_ms: 0, written_bytes: 0, read_bytes: 0, received_bytes: 0, sent_bytes: 0, throttled_ms: 0 };

/** How each measure is read from the events. @type {Record<string, Measure>} */
const READ = {
  memory: now => now.memory_bytes,
  cpu: (now, last, seconds) => (now.cpu_ms - last.cpu_ms) / 1000 / seconds,
  pids: now => now.pids,
  written: (now, last, seconds) => (now.written_bytes - last.written_bytes) / seconds,
  read: (now, last, seconds) => (now.read_bytes - last.read_bytes) / seconds,
  received: (now, last, seconds) => (now.received_bytes - last.received_bytes) / seconds,
  sent: (now, last, seconds) => (now.sent_bytes - last.sent_bytes) / seconds,
};
/** Where each measure's limit stands: in the parsed command, or in what was created. @type {Record<string, (event: WireEvent) => number | undefined>} */
const LIMIT = {
  memory: ({ command }) => command?.memory,
  cpu: ({ command }) => command?.cpus,
  pids: ({ command }) => command?.pids_limit,
  written: ({ command }) => command?.write_bps?.[0].rate,
  read: ({ command }) => command?.read_bps?.[0].rate,
  received: ({ network_bps }) => network_bps,
  sent: ({ network_bps }) => network_bps,
};

export class Charts {
  /** @type {Chart[]} */
  #charts;

  /** @param {string} names */
  constructor(names) {
    this.#charts = names.split(" ").map(name => new Chart(name));
    this.root = part("div", { class: "charts" }, ...this.#charts.map(chart => chart.root));
  }

  clear() {
    for (const chart of this.#charts) chart.clear();
  }

  /** @param {WireEvent} event */
  show(event) {
    for (const chart of this.#charts) chart.show(event);
  }

  get text() {
    return this.root.textContent ?? "";
  }
}

class Chart {
  #curve = vector("polyline", {});
  #limitLine = vector("line", { class: "limit", x2: "100" });
  #mark = vector("circle", { r: "3" });
  #caption = part("figcaption", {});
  /** Pairs of a time in s and a value. @type {[number, number][]} */
  #points = [];
  /** @type {WireEvent} */
  #last = { type: "" };
  /** @type {number | undefined} */
  #limit;
  #begun = 0;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
    const drawing = vector("svg", { class: "plot", viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-hidden": "true" });
    drawing.append(this.#limitLine, this.#curve);
    const dot = vector("svg", { class: "mark", "aria-hidden": "true", viewBox: "-4 -4 8 8" });
    dot.append(this.#mark);
    this.dot = dot;
    this.root = part("figure", { class: name }, this.#caption, part("div", {}, drawing, dot));
    this.clear();
  }

  clear() {
    this.#points = [];
    this.#limit = undefined;
    this.#caption.textContent = measures[this.name];
    this.#draw();
  }

  /** @param {WireEvent} event */
  show(event) {
    const { type, at } = event;
    if (type === "accepted" || type === "created") this.#limit ??= LIMIT[this.name](event);
    if (type === "started") {
      this.#begun = at;
      this.#last = { ...START, at };
    }
    if (type === "stats") {
      const value = READ[this.name](event, this.#last, at - this.#last.at);
      this.#add(at, value);
      this.#last = event;
      this.#draw();
      this.#write([value]);
    }
    if (type !== "exited") return;
    // a run may end before its first stats: its peak is all there is then
    if (this.name === "memory" && event.peak_memory_bytes) this.#add(at, event.peak_memory_bytes);
    const values = this.#points.map(([, value]) => value);
    const answer = kernelText(this.name, event, this.#last, values.includes(this.#limit ?? NaN));
    this.#draw(!!answer);
    if (values.length) this.#write(HELD.test(this.name) ? values : [this.#mean(event)], answer || "");
  }

  /** The mean over the run's whole time of what flows. @param {WireEvent} exited */
  #mean(exited) {
    // only the CPU is read once more at the end
    const last = this.name === "cpu" && exited.cpu_ms && exited.at > this.#last.at ? exited : this.#last;
    const seconds = last.at - this.#begun;
    const mean = READ[this.name](last, START, seconds);
    const limit = this.#limit ?? 0;
    // the kernel gives CPU by the period, and a run that begins within one has a part of it for nothing: that is no more
    // than its limit
    return this.name === "cpu" && mean > limit && mean * seconds <= limit * (seconds + PERIOD) ? limit : mean;
  }

  /** @param {number[]} values @param {string} [answer] what the kernel did; only at the end */
  #write(values, answer) {
    const text = amountText(this.name, values, this.#limit, answer !== undefined);
    this.#caption.replaceChildren(measures[this.name], " ", part("b", {}, text), answer ? ` ${answer}` : "");
  }

  /** @param {number} at @param {number} value */
  #add(at, value) {
    this.#points.push([at - this.#begun, value]);
  }

  /** @param {boolean} marked whether the kernel did something at the end of the curve */
  #draw(marked = false) {
    const points = this.#points;
    const most = Math.max(0, ...points.map(([, value]) => value));
    const width = Math.max(LEAST, points.at(-1)?.[0] ?? 0);
    const height = Math.max(most, this.#limit ?? 0) * ROOM || 1;
    /** @param {number} value */
    const y = value => 40 - (value / height) * 40;
    const drawn = points.map(([at, value]) => [(at / width) * 100, y(value)]);
    this.#curve.setAttribute("points", drawn.map(([left, top]) => `${left.toFixed(1)},${top.toFixed(1)}`).join(" "));
    for (const end of ["y1", "y2"]) this.#limitLine.setAttribute(end, `${y(this.#limit ?? -1)}`);
    const [left, top] = drawn.at(-1) ?? [0, 0];
    this.dot.toggleAttribute("hidden", !marked);
    this.dot.style.cssText = `left: ${left}%; top: ${top * 2.5}%`;
  }
}
