// Shows a run in the element's parts: its output, its steps, how it ended.
import { correctedLine, endText, queueText, stepText } from "./strings.js";
import { Terminal } from "./terminal.js";

/** Whether a run has ended with this event. @param {WireEvent} event */
export const isEnd = ({ type }) => type === "exited" || type === "failed";

/** @param {WireEvent} event */
const downloading = event => event.status === "Downloading" && event.total;

export class RunView {
  /** The latest download of each layer, or else its first event. @type {Record<string, WireEvent>} */
  #layers = {};
  #provenance = "";

  /** @param {View} view */
  constructor(view) {
    this.view = view;
    /** @type {Panel[]} */
    this.panels = [];
    this.terminal = new Terminal(view.screen);
  }

  /** Add the panels that the element's attributes ask for. @param {Element} demo */
  addPanels(demo) {
    for (const name in globalThis.dockerRunPanels) {
      const value = demo.getAttribute(name);
      if (value === null) continue;
      const panel = new dockerRunPanels[name](value);
      this.panels.push(panel);
      this.view.outcome.before(panel.root);
    }
  }

  clear() {
    this.#layers = {};
    this.#provenance = "";
    this.terminal.clear();
    this.view.clear();
    for (const panel of this.panels) panel.clear();
  }

  /** @param {WireEvent} event */
  show(event) {
    const { type, hint } = event;
    const view = this.view;
    for (const panel of this.panels) panel.show(event);
    if (type === "output") this.terminal.write(event.stream, event.text);
    if (type === "queued") view.result.textContent = queueText(event);
    // its turn has come, here or at the backend
    if (type === "accepted" || type === "created") view.result.textContent = "";
    // boot messages are long; a panel shows them to who unfolds it
    if (type === "notice" && event.code !== "boot") view.note(event.text);
    if (isEnd(event)) {
      this.terminal.draw(true);
      view.result.textContent = endText(event, view.created());
    }
    if (hint) view.hint(hint, correctedLine(hint));
    if (type === "image") this.#provenance = event.provenance;
    if (event.layer && (downloading(event) || !this.#layers[event.layer])) this.#layers[event.layer] = event;
    const layers = Object.values(this.#layers);
    const downloads = layers.filter(downloading);
    const step = stepText(event, { downloads, layers: layers.length, provenance: this.#provenance });
    if (step) view.step(...step);
  }
}
