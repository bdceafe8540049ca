// One table for isolations side by side: a column for each isolation, a row for each fact, and a bar for its time.
import { part } from "../dom.js";
import { facts, isolations } from "./strings.js";

/** @typedef {{ head: HTMLElement, cells: Record<string, HTMLElement>, bar: HTMLElement, seconds: number }} Column */

// which row the bars stand in
const TIMED = "total";

export class Comparison {
  #head = part("tr", { role: "row" }, part("td", { role: "cell" }));
  /** @type {Record<string, HTMLElement>} */
  #rows = {};
  /** @type {Column[]} */
  #columns = [];
  #table;
  #boot = part("pre", { translate: "no", tabindex: "0" });
  // its latest line, for who does not unfold them
  #latest = part("span", { "aria-hidden": "true" });
  #folded = part("details", { class: "boot", hidden: "" }, part("summary", {}, facts.boot, " ", this.#latest), this.#boot);

  constructor() {
    for (const name of ["state", "first", TIMED, "memory", "kernel", "seen", "system"]) {
      this.#rows[name] = part("tr", { role: "row" }, part("th", { scope: "row", role: "rowheader" }, facts[name]));
    }
    const body = part("tbody", { role: "rowgroup" }, ...Object.values(this.#rows));
    const head = part("thead", { role: "rowgroup" }, this.#head);
    // the roles are what a narrow screen's own layout takes from them
    this.#table = part("table", { class: "sides", role: "table", "aria-label": facts.table }, head, body);
    this.root = part("div", { class: "facts" }, this.#table, this.#folded);
  }

  /** Add a column. @param {string} isolation @returns {Column} */
  column(isolation) {
    const bar = part("i", { class: "bar", "data-isolation": isolation });
    /** @type {Column} */
    const column = { head: part("small", {}), cells: {}, bar, seconds: 0 };
    this.#head.append(part("th", { scope: "col", role: "columnheader" }, isolations[isolation]?.[0] ?? isolation, " ", column.head));
    for (const name in this.#rows) {
      column.cells[name] = part("span", {});
      this.#rows[name].append(part("td", { role: "cell", class: name }, column.cells[name], ...(name === TIMED ? [bar] : [])));
    }
    this.#columns.push(column);
    this.#table.style.setProperty("--columns", `${this.#columns.length}`);
    if (isolation === "vm") this.#folded.hidden = false;
    return column;
  }

  /** Draw how long a column takes, as a part of what the longest does. @param {Column} column @param {number} seconds */
  time(column, seconds) {
    column.seconds = seconds;
    const longest = Math.max(...this.#columns.map(one => one.seconds)) || 1;
    for (const one of this.#columns) one.bar.style.width = `${(one.seconds / longest) * 100}%`;
  }

  /** Append to what the virtual machine says while it boots, or begin anew. @param {string} [text] */
  boot(text) {
    if (text === undefined) this.#boot.textContent = "";
    else this.#boot.append(text);
    this.#latest.textContent = latestLine(this.#boot.textContent ?? "");
  }
}

/** The latest whole line of a text. @param {string} text */
export const latestLine = text => text.slice(0, text.lastIndexOf("\n") + 1).trimEnd().split("\n").at(-1) ?? "";
