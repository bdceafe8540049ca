// What is seen of a run: its output, its steps, how it ended.
import { Terminal } from "./terminal.js";
import { corrected, ending, queueWords, stepWords } from "./words.js";

export class Story {
  /** Each layer that was spoken of, with its download. @type {Record<string, WireEvent>} */
  #layers = {};
  #provenance = "";

  /** @param {View} view */
  constructor(view) {
    this.view = view;
    /** @type {Panel[]} */
    this.panels = [];
    this.terminal = new Terminal(view.screen);
  }

  /** What more is shown of a run, each named by an attribute of the element. @param {Element} demo */
  addPanels(demo) {
    for (const name in globalThis.dockerRunPanels) {
      const value = demo.getAttribute(name);
      if (value === null) continue;
      const panel = new dockerRunPanels[name](value);
      this.panels.push(panel);
      this.view.told.before(panel.root);
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
    if (type === "queued") view.result.textContent = queueWords(event);
    // how a machine boots is long, and for who asks
    if (type === "notice" && event.code !== "boot") view.note(event.text);
    if (type === "exited" || type === "failed") {
      this.terminal.draw(true);
      view.result.textContent = ending(event, view.created());
    }
    if (hint) view.hint(hint, corrected(hint));
    if (type === "image") this.#provenance = event.provenance;
    const downloading = event.status === "Downloading" && event.total;
    if (event.layer && (downloading || !this.#layers[event.layer])) this.#layers[event.layer] = event;
    const layers = Object.values(this.#layers);
    const downloads = layers.filter(one => one.status === "Downloading" && one.total);
    const step = stepWords(event, { downloads, layers: layers.length, provenance: this.#provenance });
    if (step) view.step(...step);
  }
}
