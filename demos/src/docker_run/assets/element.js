// <docker-run>: one docker command line that the reader can change and run.
import { Backend, Refused } from "./backend.js";
import { events } from "./events.js";
import { History } from "./history.js";
import { Progress } from "./progress.js";
import { Terminal } from "./terminal.js";
import { build } from "./view.js";
import { corrected, ending, label, queueWords, refusal, stepWords } from "./words.js";

/** @typedef {import("./events.js").WireEvent} WireEvent */

/** @type {Record<string, string>} */
const STATES = { queued: "queued", pull: "pulling", created: "creating", started: "running", exited: "ended", failed: "failed" };
const BUSY = ["queued", "pulling", "creating", "running"];
const STOPPED = new Error("stopped");
const SILENT = new Error("silent");
// ms; the backend says something every 10 s, and ends a run that is to stop within a second
const SILENCE = 35_000;
const PATIENCE = 2000;
// ms of events before the page gets its turn
const TURN = 12;

export class DockerRun extends HTMLElement {
  /** @type {ReturnType<typeof build> | undefined} */
  #built;
  /** @type {Terminal | undefined} */
  #screen;
  /** Of the run that is going on. @type {AbortController | null} */
  #controller = null;
  /** @type {Promise<unknown>} */
  #done = Promise.resolve();
  /** The run's id, once it is known. @type {string | null} */
  #run = null;
  #stopping = false;
  #history = new History();
  #progress = new Progress();
  #original = "";
  #leave = () => this.#controller?.abort(STOPPED);

  connectedCallback() {
    addEventListener("pagehide", this.#leave);
    if (this.#built) return;
    this.#original = (this.querySelector("code") ?? this).textContent?.trim() ?? "";
    const view = (this.#built = build(this.#original, this.getAttribute("label")));
    this.#screen = new Terminal(view.screen);
    const lines = this.getAttribute("lines");
    if (lines) this.style.setProperty("--docker-run-lines", lines);
    this.replaceChildren(view.root);
    this.state = "idle";
    view.form.addEventListener("submit", event => (event.preventDefault(), this.run()));
    // Stop stands where Run was: the second click of a double click is not meant for it
    view.stop.addEventListener("click", event => event.detail > 1 || this.stop());
    view.reset.addEventListener("click", () => this.reset());
    view.copy.addEventListener("click", () => this.#copy());
    view.root.addEventListener("keydown", event => this.#key(event));
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#leave);
    this.#leave();
  }

  get #view() {
    return /** @type {ReturnType<typeof build>} */ (this.#built);
  }

  get #terminal() {
    return /** @type {Terminal} */ (this.#screen);
  }

  get state() {
    return this.getAttribute("state") ?? "";
  }

  set state(state) {
    this.setAttribute("state", state);
    const busy = BUSY.includes(state);
    const { run, stop } = this.#view;
    const moved = document.activeElement === (busy ? run : stop);
    run.hidden = busy;
    stop.hidden = !busy;
    if (moved) (busy ? stop : run).focus();
  }

  /** The one that an attribute or the page names, else the page's own origin. */
  get backend() {
    const named = document.querySelector('meta[name="docker-run-backend"]')?.getAttribute("content");
    return new Backend(this.getAttribute("backend") ?? named ?? "", (what, how) => this.request(what, how));
  }

  /** fetch, for whoever puts something else in its place. @param {RequestInfo | URL} what @param {RequestInit} [how] */
  request(what, how) {
    return fetch(what, how);
  }

  /** Run the line as it stands; resolves with the last event, or undefined when there was none. */
  async run() {
    const command = this.#view.line.value;
    if (this.#controller || !command.trim()) return undefined;
    this.#history.add(command);
    this.#clear();
    this.#controller = new AbortController();
    this.state = "queued";
    this.#say(label.running);
    const running = this.#carryOut(command, this.#controller);
    this.#done = running;
    return running;
  }

  /** @param {string} command @param {AbortController} controller */
  async #carryOut(command, controller) {
    const { signal } = controller;
    try {
      return await this.#follow(await this.backend.run(command, signal), controller);
    } catch (error) {
      this.#terminal.draw(true);
      this.#broken(signal.aborted ? signal.reason : error);
      return undefined;
    } finally {
      this.#controller = this.#run = null;
      this.#stopping = false;
    }
  }

  /** End the run; the backend then says how it ended. A second time, or without an answer, it is simply left. */
  stop() {
    const controller = this.#controller;
    const leave = () => controller?.abort(STOPPED);
    if (!this.#run || this.#stopping) return leave();
    this.#stopping = true;
    this.backend.end(this.#run).catch(leave);
    setTimeout(leave, PATIENCE);
  }

  /** Back to the first line and an empty Docker host, where the next run pulls its image again. */
  async reset() {
    this.#leave();
    await this.#done;
    this.#view.line.value = this.#original;
    this.#clear();
    this.state = "idle";
    const emptied = await this.backend.reset().catch(error => error);
    if (this.state !== "idle") return;
    if (emptied) this.#broken(emptied);
    else this.#tell(label.wasReset);
  }

  /** @param {ReadableStream<Uint8Array>} body @param {AbortController} controller */
  async #follow(body, controller) {
    let turn = performance.now();
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = window.setTimeout(() => controller.abort(SILENT), SILENCE);
    };
    try {
      heard();
      for await (const event of events(body)) {
        controller.signal.throwIfAborted();
        this.#take(event);
        if (event.type === "exited" || event.type === "failed") return event;
        if (performance.now() - turn < TURN) continue;
        await new Promise(next => setTimeout(next));
        turn = performance.now();
        heard();
      }
    } finally {
      clearTimeout(silence);
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
    const step = stepWords(this.#progress.of(event));
    if (step) this.#view.step(...step);
    if (STATES[type]) this.state = STATES[type];
    this.dispatchEvent(new CustomEvent("docker-run:event", { bubbles: true, detail: event }));
  }

  /** @param {WireEvent} event */
  #end(event) {
    const { type, code, hint } = event;
    this.#terminal.draw(true);
    if (type === "exited") this.setAttribute("code", code);
    this.#tell(ending(event, this.#progress.created), hint);
    if (hint) this.#view.hint(hint, corrected(hint), line => this.#use(line));
  }

  /** It ended without a last event. @param {unknown} error */
  #broken(error) {
    const refused = error instanceof Refused && (error.problem || [429, 503].includes(error.status)) ? error : null;
    const stopped = error === STOPPED;
    this.state = stopped ? "idle" : refused || this.#run ? "failed" : "offline";
    this.#tell(stopped ? label.stopped : refused ? refusal(refused) : this.#run ? label.cutOff : label.offline);
  }

  #clear() {
    this.removeAttribute("code");
    this.#progress = new Progress();
    this.#terminal.clear();
    this.#view.clear();
  }

  /** @param {string} line */
  #use(line) {
    this.#view.line.value = line;
    this.#view.line.focus();
  }

  /** Show how it stands, and say it with what belongs to it. @param {string} words */
  #tell(words, more = "") {
    this.#view.result.textContent = words;
    this.#say(`${words} ${more}`);
  }

  /** @param {string} words */
  #say(words) {
    this.#view.status.textContent = words;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { line } = this.#view;
    const { key } = event;
    // Safari tells the Enter that ends a composition only by its code
    const composing = event.isComposing || event.keyCode === 229;
    if (key === "Enter" && (composing || event.repeat)) event.preventDefault();
    if (key === "Escape" && !composing) this.stop();
    const way = { ArrowUp: -1, ArrowDown: 1 }[key];
    const other = way && !composing && event.target === line ? this.#history.move(way, line.value) : undefined;
    if (other === undefined) return;
    event.preventDefault();
    line.value = other;
  }

  async #copy() {
    const { line } = this.#view;
    try {
      await navigator.clipboard.writeText(line.value);
      this.#tell(label.copied);
    } catch {
      // without https there is no clipboard, and a reader may have forbidden it
      line.select();
      this.#tell(document.execCommand("copy") ? label.copied : label.notCopied);
    }
  }
}

if (!customElements.get("docker-run")) customElements.define("docker-run", DockerRun);
