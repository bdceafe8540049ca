// Shows a run in the element's parts: its output, its steps, how it ended.
import { correctedLine, endText, queueText, stepText, texts } from "./strings.js";
import { Terminal } from "./terminal.js";

/** The element's state after an event, by the event's type. @type {Strings} */
export const STATES = { queued: "queued", pull: "pulling", created: "creating", started: "running", exited: "ended", failed: "failed" };
/** The states of a run that goes on. */
export const GOING = /ing$|^queued$/;

/** Whether a run has ended with this event. @param {WireEvent} event */
export const isEnd = ({ type }) => type === "exited" || type === "failed";

/** @param {WireEvent} event */
const downloading = event => event.status === "Downloading" && event.total;

export class RunView {
  /** The latest download of each layer, or else its first event. @type {Record<string, WireEvent>} */
  #layers = {};
  /** What was said of the image first. @type {Strings} */
  #image = {};
  /** Lines of docker's own. */
  #said = 0;
  /** Whether those are shown from the beginning. */
  #open = false;

  /** @param {View} view */
  constructor(view) {
    this.view = view;
    /** @type {Panel[]} */
    this.panels = [];
    this.terminal = new Terminal(view.screen);
    this.said = new Terminal(view.said);
  }

  /** Take up what the element's attributes ask for. @param {import("./element.js").DockerRun} demo */
  equip(demo) {
    this.#open = demo.getAttribute("pull") === "open";
    for (const name in globalThis.dockerRunPanels) {
      const value = demo.getAttribute(name);
      if (value === null) continue;
      const panel = new dockerRunPanels[name](value, demo);
      this.panels.push(panel);
      if (panel.root) this.view.answer.append(panel.root);
    }
  }

  clear() {
    this.#layers = {};
    this.#image = {};
    this.#said = 0;
    this.terminal.clear();
    this.said.clear();
    this.view.clear();
    this.view.unfold(this.#open);
    for (const panel of this.panels) panel.clear();
  }

  /** Take the height that these events will need, or else `lines` of output with a hint. @param {WireEvent[] | undefined} events @param {number} lines */
  reserve(events, lines) {
    const parts = [this.view.steps, this.view.outcome, this.view.answer];
    for (const one of parts) one.style.minHeight = "";
    const likely = [{ type: "output", stream: "stdout", text: "\n".repeat(lines) }, { type: "exited", code: 127, wall_ms: 99, hint: `${texts.empty} 를 실행해 보세요.` }];
    for (const event of events ?? likely) this.show(event);
    for (const one of parts) one.style.minHeight = `${one.offsetHeight}px`;
    this.clear();
  }

  /** @param {WireEvent} event */
  show(event) {
    const { type } = event;
    // boot messages are long; a panel shows them to who unfolds it
    const hint = type === "notice" && event.code !== "boot" ? event.text : event.hint;
    const view = this.view;
    for (const panel of this.panels) panel.show(event);
    if (type === "output") this.#write(event);
    if (type === "queued") view.result.textContent = queueText(event);
    // its turn has come, here or at the backend
    if (type === "accepted" || type === "created") view.result.textContent = "";
    if (isEnd(event)) {
      this.draw();
      view.result.textContent = endText(event, view.created());
      // where there was no container, docker's own lines are the answer
      if (!view.created()) view.unfold(true);
    }
    if (hint) view.hint(hint, correctedLine(hint));
    if (type === "image") this.#image = event;
    if (event.layer && (downloading(event) || !this.#layers[event.layer])) this.#layers[event.layer] = event;
    const layers = Object.values(this.#layers);
    const downloads = layers.filter(downloading);
    // what is pulled is downloaded, unless it is there
    const step = stepText(event, { ...this.#image, downloads, fresh: layers.some(({ status }) => /ing/.test(status)) });
    if (step) view.step(...step);
  }

  /** Draw what waits to be drawn. */
  draw() {
    this.said.draw(true);
    this.terminal.draw(true);
  }

  /** Write an output: until there is a container, docker itself speaks on standard error. @param {WireEvent} event */
  #write({ stream, text }) {
    if (stream !== "stderr" || this.view.created()) return this.terminal.write(stream, text);
    this.said.write(stream, text);
    this.view.count((this.#said += text.split("\n").length - 1));
  }
}
