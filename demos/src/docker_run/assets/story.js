// What is seen of a run: its output, its steps, how it ended.
import { Terminal } from "./terminal.js";
import { corrected, ending, queueWords, stepWords } from "./words.js";

export class Story {
  /** Downloads by layer. @type {Record<string, WireEvent>} */
  #layers = {};

  /** @param {View} view */
  constructor(view) {
    this.view = view;
    this.terminal = new Terminal(view.screen);
  }

  clear() {
    this.#layers = {};
    this.terminal.clear();
    this.view.clear();
  }

  /** @param {WireEvent} event */
  show(event) {
    const { type, hint } = event;
    const view = this.view;
    if (type === "output") this.terminal.write(event.stream, event.text);
    if (type === "queued") view.result.textContent = queueWords(event);
    if (type === "notice") view.note(event.text);
    if (type === "exited" || type === "failed") {
      this.terminal.draw(true);
      view.result.textContent = ending(event, view.created());
    }
    if (hint) view.hint(hint, corrected(hint));
    if (event.status === "Downloading" && event.total) this.#layers[event.layer] = event;
    const step = stepWords(event, Object.values(this.#layers));
    if (step) view.step(...step);
  }
}
