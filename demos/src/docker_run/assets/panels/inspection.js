// Shows the run's processes as this computer's kernel sees them, each with its numbers inside and outside.
import { part } from "../dom.js";
import { inspection, outsideTexts } from "./strings.js";

const KINDS = ["pid", "mnt", "net", "uts", "ipc", "user", "cgroup"];
// processes are distinguished by this many colours; after the last the first is used again
const COLOURS = 4;

export class Inspection {
  #rows = part("tbody", {});
  #table = part("table", {}, part("caption", {}, inspection.caption), part("thead", {}, part("tr", {}, ...inspection.heads.map(text => part("th", { scope: "col" }, text)))), this.#rows);
  #around = part("dl", {});
  root = part("div", { class: "inspection" }, part("div", { tabindex: "0", role: "group", "aria-label": inspection.caption }, this.#table), this.#around);

  constructor() {
    this.clear();
  }

  clear() {
    this.#rows.replaceChildren(part("tr", {}, part("td", { colspan: "3" }, inspection.before)));
    this.#around.replaceChildren();
  }

  /** @param {WireEvent} event */
  show(event) {
    if (event.type !== "inspection") return;
    this.#rows.replaceChildren(...event.processes.map((/** @type {any} */ one, /** @type {number} */ index) => part("tr", { "data-colour": String(index % COLOURS) },
      part("td", {}, part("code", { translate: "no" }, one.command)),
      part("td", {}, `pid ${one.pid_inside} · uid ${one.uid_inside}`),
      part("td", {}, `pid ${one.pid} · uid ${one.uid}`),
    )));
    const [first] = event.processes;
    const numbers = KINDS.map(kind => `${kind} ${first?.namespaces[kind] ?? "?"}`).join(" · ");
    const known = Object.entries(outsideTexts(event, numbers));
    this.#around.replaceChildren(...known.flatMap(([name, text]) => [part("dt", {}, name), part("dd", {}, text)]));
  }

  get text() {
    return "";
  }
}
