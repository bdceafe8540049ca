// Shows what a run cost and what the computer sees of it, in its column of the table of isolations side by side.
import { part } from "../dom.js";
import { Comparison } from "./comparison.js";
import { follow } from "./company.js";
import { factTexts, facts, isolations, stateText } from "./strings.js";

/** @typedef {import("../element.js").DockerRun} Demo */

/** The table of an element and of those that follow it. @type {WeakMap<Demo, Comparison>} */
const tables = new WeakMap();

export class Facts {
  #isolation;
  #demo;
  #table;
  #column;
  /** When the image was there, in s. */
  #ready = 0;
  #memory = 0;

  /** @param {string} isolation @param {Demo} demo */
  constructor(isolation, demo) {
    this.#isolation = isolation;
    this.#demo = demo;
    const leader = follow(demo) ?? demo;
    this.#table = tables.get(leader) ?? new Comparison();
    tables.set(leader, this.#table);
    this.#column = this.#table.column(isolation);
    const [name, wall] = isolations[isolation] ?? [isolation, ""];
    const title = part("p", { class: "wall" }, part("b", {}, name), " ", wall);
    this.root = leader === demo ? part("div", { class: "compared" }, title, this.#table.root) : title;
    this.clear();
  }

  clear() {
    this.#ready = this.#memory = 0;
    this.#write(Object.fromEntries(Object.keys(this.#column.cells).map(name => [name, "–"])));
    this.#column.head.textContent = "";
    this.#table.time(this.#column, 0);
    if (this.#isolation === "vm") this.#table.boot();
  }

  /** @param {WireEvent} event */
  show(event) {
    const { type, at } = event;
    if (type === "image" || type === "pulled") this.#ready = at;
    if (type === "notice" && event.code === "boot") this.#table.boot(event.text);
    if (type === "stats") this.#memory = Math.max(this.#memory, event.memory_bytes);
    if (type === "exited") this.#memory = Math.max(this.#memory, event.peak_memory_bytes ?? 0);
    const output = type === "output" && this.#has("kernel") && !this.#has("first");
    const seconds = at - this.#ready;
    const going = this.#ready > 0;
    this.#write(factTexts(event, { isolation: this.#isolation, seconds, memory: this.#memory, output, going }));
    this.#write(stateText(event, this.#isolation));
    if (going) this.#table.time(this.#column, seconds);
    if (this.#demo.hasAttribute("shown")) this.#column.head.textContent = facts.recorded;
  }

  /** @param {Strings} texts */
  #write(texts) {
    for (const name in texts) this.#column.cells[name].textContent = texts[name];
  }

  /** @param {string} name */
  #has(name) {
    return this.#column.cells[name].textContent !== "–";
  }

  get text() {
    return "";
  }
}
