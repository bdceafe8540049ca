// The page's side of the thread in which Python runs. It is there from the first run on, and again after a stop.
import { label } from "./words.js";

const STOPPED = "stopped";

export class Python {
  /** @type {Worker | null} */
  #worker = null;
  /** What waits for the thread. @type {{ resolve: (value: any) => void, reject: (reason: any) => void } | null} */
  #waiting = null;
  /** Which thread it is: the names of an earlier one are gone. */
  generation = 0;
  /** @type {(text: string) => void} */
  onoutput = () => {};
  /** @type {(text: string) => void} */
  onprogress = () => {};

  /** @param {string[]} wheels @param {number} bytes how much there is to load */
  constructor(wheels, bytes) {
    this.wheels = wheels;
    this.bytes = bytes;
  }

  /** Load Python, if it is not there. */
  async start() {
    if (this.#worker) return;
    this.generation += 1;
    this.onprogress(label.loading(0, this.bytes));
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#take(data));
    this.#worker.addEventListener("error", event => this.#take({ type: "broken", text: event.message ?? "" }));
    await this.#ask({ wheels: this.wheels });
  }

  /** Run a cell; true when it ended well. @param {string} source @param {string} name */
  async run(source, name) {
    this.onprogress(label.running);
    return this.#ask({ source, name });
  }

  /** End the thread, and with it all that the cells had made. @param {string} [reason] */
  stop(reason = STOPPED) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting?.reject(reason);
    this.#waiting = null;
  }

  /** @param {object} message */
  #ask(message) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker?.postMessage(message);
    });
  }

  /** @param {{ type: string, [field: string]: any }} message */
  #take({ type, ...message }) {
    if (type === "output") this.onoutput(message.text);
    if (type === "loading" && this.#waiting) this.onprogress(label.loading(message.loaded, this.bytes));
    if (type === "ready" || type === "ended") this.#waiting?.resolve(message.well);
    if (type === "broken") this.stop(message.text);
  }
}

/** @param {unknown} reason */
export const wasStopped = reason => reason === STOPPED;
