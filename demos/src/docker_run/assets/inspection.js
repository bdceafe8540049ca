// The view from the machine: the same processes as inside, each with the numbers that the machine has for it.
import { part } from "./parts.js";
import { machine, outsideWords } from "./panel-words.js";

const KINDS = ["pid", "mnt", "net", "uts", "ipc", "user", "cgroup"];
// so many colours tell processes apart; a later one begins anew
const COLOURS = 4;

export class InspectionView {
  #rows = part("tbody", {});
  #table = part("table", {}, part("caption", {}, machine.caption), part("thead", {}, part("tr", {}, ...machine.heads.map(words => part("th", { scope: "col" }, words)))), this.#rows);
  #around = part("dl", {});
  root = part("div", { class: "view" }, part("div", { tabindex: "0", role: "group", "aria-label": machine.caption }, this.#table), this.#around);

  constructor() {
    this.clear();
  }

  clear() {
    this.#rows.replaceChildren(part("tr", {}, part("td", { colspan: "3" }, machine.before)));
    this.#around.replaceChildren();
  }

  /** @param {WireEvent} event */
  show(event) {
    if (event.type !== "inspection") return;
    this.#rows.replaceChildren(...event.processes.map((/** @type {any} */ one, /** @type {number} */ index) => part("tr", { "data-colour": String(index % COLOURS) },
      part("td", {}, part("code", {}, one.command)),
      part("td", {}, `pid ${one.pid_inside} · uid ${one.uid_inside}`),
      part("td", {}, `pid ${one.pid} · uid ${one.uid}`),
    )));
    const [first] = event.processes;
    const numbers = KINDS.map(kind => `${kind} ${first?.namespaces[kind] ?? "?"}`).join(" · ");
    const known = Object.entries(outsideWords(event, numbers));
    this.#around.replaceChildren(...known.flatMap(([name, words]) => [part("dt", {}, name), part("dd", {}, words)]));
  }

  get words() {
    return "";
  }
}
