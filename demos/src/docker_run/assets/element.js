// <docker-run>: one docker command line that the reader can change and run.
import { Client, explained, lacksIsolation } from "./client.js";
import { busy, busyFollowers, callFollowers, follow, followed, followersText } from "./followers.js";
import { History, listen } from "./line.js";
import { events } from "./ndjson.js";
import { recordingIn, replayed } from "./replay.js";
import { isEnd, RunView } from "./run.js";
import { originText, problemText, texts } from "./strings.js";
import { inTurn } from "./turns.js";
import { build } from "./view.js";

/** The element's state after an event, by the event's type. @type {Strings} */
const STATES = { queued: "queued", pull: "pulling", created: "creating", started: "running", exited: "ended", failed: "failed" };
const STOPPED = new Error("stopped");
// ms until a run that goes on after Stop is left alone
const PATIENCE = 2000;
// ms of events after which the browser may draw
const TURN = 12;

export class DockerRun extends HTMLElement {
  #view = build();
  #runView = new RunView(this.#view);
  #history = new History();
  #original = "";
  /** @type {Recording | undefined} */
  #recording;
  /** Of the run that goes on. @type {AbortController | null} */
  #controller = null;
  /** @type {Promise<unknown> | null} */
  #done = null;
  /** The run's id, once it is known. @type {string | null} */
  #run = null;
  #abort = () => this.#controller?.abort(STOPPED);

  connectedCallback() {
    addEventListener("pagehide", this.#abort);
    const { root } = this.#view;
    if (root.parentNode) return;
    this.#original = (this.querySelector("code") ?? this).textContent?.trim() ?? "";
    this.#recording = recordingIn(this);
    root.ariaLabel = this.getAttribute("label") ?? `${texts.group}: ${this.#original}`;
    const lines = this.getAttribute("lines");
    if (lines) this.style.setProperty("--docker-run-lines", lines);
    this.#runView.addPanels(this);
    // filled before it is on the page, where every look at a size would cost a layout;
    // what was there stays, for paper
    this.#restore();
    this.append(root);
    listen(this.#view, this.#history, this);
    follow(this, action => this.#follow(action));
  }

  /** Do what the followed element does, with its line. @param {import("./followers.js").Action} action */
  #follow({ action, line }) {
    this.#view.line.value = line;
    if (action === "restore") this.#stopAndRestore();
    else this[action]();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#abort);
    this.#abort();
  }

  get #client() {
    const named = document.querySelector('meta[name="docker-run-backend"]')?.getAttribute("content");
    return new Client(this.getAttribute("backend") ?? named ?? "");
  }

  /** Show the original line, and its recording unless it is a question. */
  #restore() {
    const { line, screen } = this.#view;
    const recording = !this.hasAttribute("predict") && this.#recording;
    this.#clear("idle");
    line.value = this.#original;
    screen.dataset.before = recording ? texts.silent : texts[this.#recording ? "predict" : "before"];
    if (!recording) return;
    for (const event of recording.events) this.#runView.show(event);
    this.#showOrigin(recording);
    screen.scrollTop = 0;
  }

  /** Run the line as it stands; resolves with the last event, or undefined when there was none. */
  async run() {
    const command = this.#view.line.value.trim();
    if (this.#controller || busyFollowers(this).length) return undefined;
    if (!command) return this.#ask();
    this.#controller = new AbortController();
    callFollowers(this, "run", this.#view.line.value);
    this.#history.add(command);
    this.#clear("queued");
    this.#view.status.textContent = texts.running;
    const running = this.#runOrReplay(command, this.#controller.signal);
    this.#done = running;
    return running;
  }

  /** Ask for a command line. */
  #ask() {
    this.#clear("idle");
    this.#view.screen.dataset.before = texts.before;
    this.#say(texts.empty);
  }

  /** @param {string} command @param {AbortSignal} signal */
  async #runOrReplay(command, signal) {
    try {
      await this.#runBeside();
      const live = inTurn(() => this.#live(command, signal), signal, position => this.#runView.show({ type: "queued", position }));
      return await live.catch(error => this.#replay(command, signal, error));
    } catch (error) {
      this.#runView.terminal.draw(true);
      this.#fail(signal.aborted ? STOPPED : error);
      return undefined;
    } finally {
      this.#controller = this.#run = null;
    }
  }

  /** @param {string} command @param {AbortSignal} signal */
  async #live(command, signal) {
    return this.#read(events(await this.#client.run(command, signal, this.getAttribute("isolation") ?? undefined)));
  }

  /** Start the demo that has to run beside this one, unless it runs already. */
  async #runBeside() {
    const other = /** @type {DockerRun | null} */ (document.getElementById(this.getAttribute("beside") ?? ""));
    if (!other || busy(other)) return;
    const started = new Promise(done => other.addEventListener("docker-run:event", ({ detail }) => detail.type === "started" && done(undefined)));
    // it may also end before it has started
    await Promise.race([started, other.run()]);
  }

  /** Play the recording, where no backend has answered. @param {string} command @param {AbortSignal} signal @param {unknown} error */
  #replay(command, signal, error) {
    const recording = this.#recording;
    const absent = lacksIsolation(error);
    if (command !== recording?.command || this.#run || signal.aborted || (explained(error) && !absent)) throw error;
    this.toggleAttribute("absent", absent);
    this.#setState("replaying");
    this.#showOrigin(recording, absent ? texts.noIsolation : texts.replaying);
    this.#view.status.textContent = this.#view.source.textContent;
    return this.#read(replayed(recording.events, signal));
  }

  /** Show that it is a recording. @param {Recording} recording */
  #showOrigin(recording, why = "") {
    this.setAttribute("shown", "recording");
    this.#view.source.textContent = why + originText(recording);
  }

  /** End the run; its last event then says how it ended. When none comes in time, the run is left alone. */
  stop() {
    callFollowers(this, "stop", this.#view.line.value);
    const controller = this.#controller;
    const leave = () => controller?.abort(STOPPED);
    if (!this.#run) return leave();
    this.#client.end(this.#run).catch(leave);
    setTimeout(leave, PATIENCE);
  }

  /** Return to the original line and to an empty Docker host. */
  async reset() {
    callFollowers(this, "restore", this.#view.line.value);
    await this.#stopAndRestore();
    // a host that cannot be reached ends by itself once it has been idle
    await this.#client.reset().catch(() => {});
    if (!this.#controller) this.#say(texts.wasReset);
  }

  async #stopAndRestore() {
    this.#abort();
    await this.#done;
    this.#restore();
  }

  /** @param {AsyncIterable<WireEvent>} stream */
  async #read(stream) {
    let turn = performance.now();
    for await (const event of stream) {
      this.#take(event);
      if (isEnd(event)) return event;
      if (performance.now() - turn < TURN) continue;
      await new Promise(next => setTimeout(next));
      turn = performance.now();
    }
    throw new Error("the stream ended early");
  }

  /** @param {WireEvent} event */
  #take(event) {
    const { type, code, hint = "" } = event;
    const replaying = this.getAttribute("state") === "replaying";
    const ended = isEnd(event);
    if (type === "accepted" && !replaying) this.#run = event.run;
    if (type === "exited") this.setAttribute("code", code);
    this.#runView.show(event);
    if (ended) this.#say(this.#view.result.textContent, hint);
    if (STATES[type] && (ended || !replaying)) this.#setState(STATES[type]);
    this.dispatchEvent(new CustomEvent("docker-run:event", { bubbles: true, detail: event }));
  }

  /** Show why a run ended without a last event. @param {unknown} error */
  #fail(error) {
    const [state, text] =
      error === STOPPED ? ["idle", texts.stopped]
      : explained(error) ? ["failed", problemText(error)]
      : this.#run ? ["failed", texts.cutOff]
      : ["offline", this.#recording ? texts.edited : texts.offline];
    this.#say(text);
    this.#setState(state);
  }

  /** @param {string} state */
  #setState(state) {
    this.setAttribute("state", state);
    this.update();
    followed(this)?.update();
  }

  /** Offer Stop while this element or a follower runs, and Run else; show which followers still run. */
  update() {
    const running = busy(this) || busyFollowers(this).length > 0;
    const { run, stop } = this.#view;
    const moved = document.activeElement === (running ? run : stop);
    run.hidden = running;
    stop.hidden = !running;
    if (moved) (running ? stop : run).focus();
    this.#view.append(followersText(this));
  }

  /** Remove what is shown of a run, before another one or none. @param {string} state */
  #clear(state) {
    this.removeAttribute("code");
    this.removeAttribute("shown");
    this.#runView.clear();
    this.#setState(state);
  }

  /** Show a result, and announce it to screen readers with what belongs to it. @param {string} text */
  #say(text, more = "") {
    this.#view.outcome.style.minHeight = "";
    this.#view.result.textContent = text;
    const parts = [text, more, ...this.#runView.panels.map(panel => panel.text), this.#view.source.textContent];
    this.#view.status.textContent = parts.filter(Boolean).join(" ");
  }
}

if (!customElements.get("docker-run")) customElements.define("docker-run", DockerRun);
