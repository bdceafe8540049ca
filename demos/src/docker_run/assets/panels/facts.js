// Shows what a run cost and what the computer sees of it, to compare isolations side by side.
import { part } from "../dom.js";
import { follow } from "./company.js";
import { facts, factTexts, isolations } from "./strings.js";

export class Facts {
  #isolation;
  /** @type {Record<string, HTMLElement>} */
  #values = {};
  #boot = part("pre", { tabindex: "0" });
  #folded = part("details", { class: "boot" }, part("summary", {}, facts.boot), this.#boot);
  /** When the image was there, in s. */
  #ready = 0;
  #memory = 0;

  /** @param {string} isolation @param {import("../element.js").DockerRun} demo */
  constructor(isolation, demo) {
    this.#isolation = isolation;
    follow(demo);
    const list = part("dl", {});
    for (const name of ["first", "total", "memory", "kernel", "seen", "system"]) {
      this.#values[name] = part("dd", {});
      list.append(part("div", {}, part("dt", {}, facts[name]), this.#values[name]));
    }
    const [name, wall] = isolations[isolation] ?? [isolation, ""];
    this.root = part("div", { class: "facts" }, part("p", {}, part("b", {}, name), " ", wall), list, this.#folded);
    this.clear();
  }

  clear() {
    this.#ready = this.#memory = 0;
    for (const name in this.#values) this.#values[name].textContent = "–";
    this.#boot.textContent = "";
    this.#folded.hidden = this.#isolation !== "vm";
  }

  /** @param {WireEvent} event */
  show(event) {
    const { type, at } = event;
    if (type === "image" || type === "pulled") this.#ready = at;
    if (type === "notice" && event.code === "boot") this.#boot.append(event.text);
    if (type === "stats") this.#memory = Math.max(this.#memory, event.memory_bytes);
    if (type === "exited") this.#memory = Math.max(this.#memory, event.peak_memory_bytes ?? 0);
    const output = type === "output" && this.#has("kernel") && !this.#has("first");
    const changed = factTexts(event, { isolation: this.#isolation, seconds: at - this.#ready, memory: this.#memory, output });
    for (const [name, text] of Object.entries(changed)) this.#values[name].textContent = text;
  }

  /** @param {string} name */
  #has(name) {
    return this.#values[name].textContent !== "–";
  }

  get text() {
    return "";
  }
}
