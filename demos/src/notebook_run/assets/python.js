// Starts the thread in which Python runs, and exchanges messages with it. A stop ends it; the next run starts another.
import { texts } from "./strings.js";

export class Python {
  /** @type {Worker | null} */
  #worker = null;
  /** Settled with the thread's answer. @type {{ resolve(value: any): void, reject(reason: Error): void } | null} */
  #waiting = null;
  /** Takes the text that comes meanwhile. @type {(text: string) => void} */
  #receive = () => {};
  /** The number of the thread: what cells made in an earlier one is gone. */
  generation = 0;

  /** @param {string[]} wheels addresses of what the cells import @param {number} bytes how much there is to load */
  constructor(wheels, bytes) {
    this.wheels = wheels;
    this.bytes = bytes;
  }

  /** Start the thread and load Python, if it is not there. @param {(text: string) => void} onprogress */
  async start(onprogress) {
    if (this.#worker) return;
    this.generation += 1;
    onprogress(texts.loading(0, this.bytes));
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#take(data));
    this.#worker.addEventListener("error", () => this.stop());
    await this.#ask({ wheels: this.wheels }, loaded => onprogress(texts.loading(Number(loaded), this.bytes)));
  }

  /** Run a cell; true when it ended well. @param {string} source @param {string} name @param {(text: string) => void} onoutput */
  run(source, name, onoutput) {
    return this.#ask({ source, name }, onoutput);
  }

  /** End the thread, and with it all that the cells have made; a pending promise is rejected. */
  stop() {
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting?.reject(new Error("the thread was ended"));
    this.#waiting = null;
  }

  /** @param {object} message @param {(text: string) => void} receive */
  #ask(message, receive) {
    this.#receive = receive;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker?.postMessage(message);
    });
  }

  /** @param {{ type: string, value: any }} message */
  #take({ type, value }) {
    if (type === "text") this.#receive(value);
    if (type === "done") this.#waiting?.resolve(value);
    if (type === "broken") {
      console.warn(value);
      this.stop();
    }
  }
}
