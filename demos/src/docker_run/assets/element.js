// <docker-run>: one docker command line that the reader can change and run.
import { Backend, Refused } from "./backend.js";
import { events } from "./events.js";
import { History, Terminal } from "./terminal.js";
import { build } from "./view.js";
import { corrected, ending, label, queueWords, refusal, stepWords } from "./words.js";

/** @type {Names} */
const STATES = { queued: "queued", pull: "pulling", created: "creating", started: "running", exited: "ended", failed: "failed" };
const BUSY = ["queued", "pulling", "creating", "running"];
const STOPPED = new Error("stopped");
// ms until a run that does not end is left; the backend ends one within a second
const PATIENCE = 2000;
// ms of events before the page gets its turn
const TURN = 12;

export class DockerRun extends HTMLElement {
  #view = build();
  #terminal = new Terminal(this.#view.screen);
  #history = new History();
  /** Downloads by layer. @type {Record<string, WireEvent>} */
  #layers = {};
  #original = "";
  /** Of the run that is going on. @type {AbortController | null} */
  #controller = null;
  /** @type {Promise<unknown> | null} */
  #done = null;
  /** The run's id, once it is known. @type {string | null} */
  #run = null;
  #leave = () => this.#controller?.abort(STOPPED);

  connectedCallback() {
    addEventListener("pagehide", this.#leave);
    const { root, line } = this.#view;
    if (root.parentNode) return;
    this.#original = (this.querySelector("code") ?? this).textContent?.trim() ?? "";
    line.value = this.#original;
    root.ariaLabel = this.getAttribute("label") ?? `${label.group}: ${this.#original}`;
    const lines = this.getAttribute("lines");
    if (lines) this.style.setProperty("--docker-run-lines", lines);
    this.replaceChildren(root);
    this.#turn("idle");
    this.#listen();
  }

  #listen() {
    const { root, form, line, stop, reset, copy, status } = this.#view;
    form.addEventListener("submit", event => (event.preventDefault(), this.run()));
    // Stop stands where Run was: the second click of a double click is not meant for it
    stop.addEventListener("click", event => event.detail > 1 || this.stop());
    reset.addEventListener("click", () => this.reset());
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(line.value);
      } catch {
        // without https there is no clipboard, and a reader may forbid it
        line.select();
        if (!document.execCommand("copy")) return;
      }
      status.textContent = label.copied;
    });
    root.addEventListener("keydown", event => {
      // Safari tells the Enter that ends a composition only by its code
      const composing = event.isComposing || event.keyCode === 229;
      if (event.key === "Enter" && (composing || event.repeat)) event.preventDefault();
      if (event.key === "Escape" && !composing) this.stop();
      const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const other = way && !composing && event.target === line ? this.#history.move(way, line.value) : undefined;
      if (other === undefined) return;
      event.preventDefault();
      line.value = other;
    });
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#leave);
    this.#leave();
  }

  get #backend() {
    const named = document.querySelector('meta[name="docker-run-backend"]')?.getAttribute("content");
    return new Backend(this.getAttribute("backend") ?? named ?? "");
  }

  /** Run the line as it stands; resolves with the last event, or undefined when there was none. */
  async run() {
    const command = this.#view.line.value;
    if (this.#controller || !command.trim()) return undefined;
    this.#controller = new AbortController();
    this.#history.add(command);
    this.#clear();
    this.#turn("queued");
    this.#view.status.textContent = label.running;
    const running = this.#carryOut(command, this.#controller.signal);
    this.#done = running;
    return running;
  }

  /** @param {string} command @param {AbortSignal} signal */
  async #carryOut(command, signal) {
    try {
      return await this.#follow(await this.#backend.run(command, signal));
    } catch (error) {
      this.#terminal.draw(true);
      this.#broken(signal.aborted ? STOPPED : error);
      return undefined;
    } finally {
      this.#controller = this.#run = null;
    }
  }

  /** End the run; the backend then says how it ended. Without an answer it is simply left. */
  stop() {
    const controller = this.#controller;
    const leave = () => controller?.abort(STOPPED);
    if (!this.#run) return leave();
    this.#backend.end(this.#run).catch(leave);
    setTimeout(leave, PATIENCE);
  }

  /** Back to the first line and an empty Docker host, where the next run pulls its image again. */
  async reset() {
    this.#leave();
    await this.#done;
    this.#view.line.value = this.#original;
    this.#clear();
    this.#turn("idle");
    const wrong = await this.#backend.reset().catch(error => error);
    if (this.#controller) return;
    if (wrong) this.#broken(wrong);
    else this.#tell(label.wasReset);
  }

  /** @param {ReadableStream<Uint8Array>} body */
  async #follow(body) {
    let turn = performance.now();
    for await (const event of events(body)) {
      this.#take(event);
      if (event.type === "exited" || event.type === "failed") return event;
      if (performance.now() - turn < TURN) continue;
      await new Promise(next => setTimeout(next));
      turn = performance.now();
    }
    throw new Error("the stream ended early");
  }

  /** @param {WireEvent} event */
  #take(event) {
    const { type } = event;
    if (type === "accepted") this.#run = event.run;
    if (type === "output") this.#terminal.write(event.stream, event.text);
    if (type === "queued") this.#view.result.textContent = queueWords(event);
    if (type === "notice") this.#view.note(event.text);
    if (type === "exited" || type === "failed") this.#end(event);
    if (event.status === "Downloading" && event.total) this.#layers[event.layer] = event;
    const step = stepWords(event, Object.values(this.#layers));
    if (step) this.#view.step(...step);
    if (STATES[type]) this.#turn(STATES[type]);
    this.dispatchEvent(new CustomEvent("docker-run:event", { bubbles: true, detail: event }));
  }

  /** @param {WireEvent} event */
  #end(event) {
    const { type, code, hint } = event;
    this.#terminal.draw(true);
    if (type === "exited") this.setAttribute("code", code);
    this.#tell(ending(event, this.#view.created()), hint);
    if (hint) this.#view.hint(hint, corrected(hint));
  }

  /** It ended without a last event. @param {unknown} error */
  #broken(error) {
    const refused = error instanceof Refused && (error.problem || error.answer.headers.has("Retry-After"));
    const stopped = error === STOPPED;
    this.#turn(stopped ? "idle" : refused || this.#run ? "failed" : "offline");
    this.#tell(stopped ? label.stopped : refused ? refusal(error) : this.#run ? label.cutOff : label.offline);
  }

  /** @param {string} state */
  #turn(state) {
    const busy = BUSY.includes(state);
    const { run, stop } = this.#view;
    const moved = document.activeElement === (busy ? run : stop);
    this.setAttribute("state", state);
    run.hidden = busy;
    stop.hidden = !busy;
    if (moved) (busy ? stop : run).focus();
  }

  #clear() {
    this.removeAttribute("code");
    this.#layers = {};
    this.#terminal.clear();
    this.#view.clear();
  }

  /** Show how it stands, and say it with what belongs to it. @param {string} words */
  #tell(words, more = "") {
    this.#view.result.textContent = words;
    this.#view.status.textContent = `${words} ${more}`;
  }
}

if (!customElements.get("docker-run")) customElements.define("docker-run", DockerRun);
