// <docker-run>: one docker command line that the reader can change and run.
import { Backend, lacking, refused } from "./backend.js";
import { events } from "./events.js";
import { busy, follow, isolationsBehind, lead, leaderOf, othersOf } from "./lead.js";
import { History, listen } from "./line.js";
import { recordingIn, replayed } from "./recording.js";
import { Story } from "./story.js";
import { build } from "./view.js";
import { label, origin, refusal } from "./words.js";

/** @type {Names} */
const STATES = { queued: "queued", pull: "pulling", created: "creating", started: "running", exited: "ended", failed: "failed" };
const STOPPED = new Error("stopped");
// ms until a run that does not heed Stop is left
const PATIENCE = 2000;
// ms of events before the page gets its turn
const TURN = 12;

export class DockerRun extends HTMLElement {
  #view = build();
  #story = new Story(this.#view);
  #history = new History();
  #original = "";
  /** @type {Recording | undefined} */
  #recording;
  /** Of the run that is going on. @type {AbortController | null} */
  #controller = null;
  /** @type {Promise<unknown> | null} */
  #done = null;
  /** The run's id, once it is known. @type {string | null} */
  #run = null;
  #leave = () => this.#controller?.abort(STOPPED);

  connectedCallback() {
    addEventListener("pagehide", this.#leave);
    const { root } = this.#view;
    if (root.parentNode) return;
    this.#original = (this.querySelector("code") ?? this).textContent?.trim() ?? "";
    this.#recording = recordingIn(this);
    root.ariaLabel = this.getAttribute("label") ?? `${label.group}: ${this.#original}`;
    const lines = this.getAttribute("lines");
    if (lines) this.style.setProperty("--docker-run-lines", lines);
    this.#story.addPanels(this);
    // what was there stays, for paper
    // filled first: on the page, every look at a size would cost a layout
    this.#rest();
    this.append(root);
    listen(this.#view, this.#history, this);
    follow(this, led => this.#follow(led));
  }

  /** Do what the leader does, with its line. @param {import("./lead.js").Led} led */
  #follow({ what, line }) {
    this.#view.line.value = line;
    if (what === "rest") this.#leaveAndRest();
    else this[what]();
  }

  /** @param {"run" | "stop" | "rest"} what */
  #lead(what) {
    lead(this, { what, line: this.#view.line.value });
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#leave);
    this.#leave();
  }

  get #backend() {
    const named = document.querySelector('meta[name="docker-run-backend"]')?.getAttribute("content");
    return new Backend(this.getAttribute("backend") ?? named ?? "");
  }

  /** The first line, and its recording unless it is a question. */
  #rest() {
    const { line, screen } = this.#view;
    const known = !this.hasAttribute("predict") && this.#recording;
    this.#clear();
    this.#turn("idle");
    line.value = this.#original;
    screen.dataset.before = known ? label.silent : label[this.#recording ? "predict" : "before"];
    if (!known) return;
    for (const event of known.events) this.#story.show(event);
    this.#name(known);
    screen.scrollTop = 0;
  }

  /** Run the line as it stands; resolves with the last event, or undefined when there was none. */
  async run() {
    const command = this.#view.line.value.trim();
    if (this.#controller || isolationsBehind(this).length) return undefined;
    if (!command) return this.#ask();
    this.#controller = new AbortController();
    this.#lead("run");
    this.#history.add(command);
    this.#clear();
    this.#turn("queued");
    this.#view.status.textContent = label.running;
    const running = this.#carryOut(command, this.#controller.signal);
    this.#done = running;
    return running;
  }

  /** Ask for a line, with nothing of the last one beside it. */
  #ask() {
    this.#clear();
    this.#turn("idle");
    this.#view.screen.dataset.before = label.before;
    this.#tell(label.empty);
  }

  /** @param {string} command @param {AbortSignal} signal */
  async #carryOut(command, signal) {
    try {
      await this.#company();
      const live = this.#backend.run(command, signal, this.getAttribute("isolation") ?? undefined).then(body => this.#read(events(body)));
      return await live.catch(error => this.#replay(command, signal, error));
    } catch (error) {
      this.#story.terminal.draw(true);
      this.#broken(signal.aborted ? STOPPED : error);
      return undefined;
    } finally {
      this.#controller = this.#run = null;
    }
  }

  /** See to it that the demo which this one needs beside it is running. */
  async #company() {
    const other = /** @type {DockerRun | null} */ (document.getElementById(this.getAttribute("beside") ?? ""));
    if (!other || busy(other)) return;
    const begun = new Promise(done => other.addEventListener("docker-run:event", ({ detail }) => detail.type === "started" && done(undefined)));
    // it may also end before it has begun
    await Promise.race([begun, other.run()]);
  }

  /** The recording, where no backend has answered. @param {string} command @param {AbortSignal} signal @param {unknown} error */
  #replay(command, signal, error) {
    const recording = this.#recording;
    const absent = lacking(error);
    if (command !== recording?.command || this.#run || signal.aborted || (refused(error) && !absent)) throw error;
    this.toggleAttribute("absent", absent);
    this.#turn("replaying");
    this.#name(recording, absent ? label.noIsolation : label.replaying);
    this.#view.status.textContent = this.#view.source.textContent;
    return this.#read(replayed(recording.events, signal));
  }

  /** Say that it is a recording. @param {Recording} recording */
  #name(recording, why = "") {
    this.setAttribute("shown", "recording");
    this.#view.source.textContent = why + origin(recording);
  }

  /** End the run; the backend then says how it ended. Without an answer it is simply left. */
  stop() {
    this.#lead("stop");
    const controller = this.#controller;
    const leave = () => controller?.abort(STOPPED);
    if (!this.#run) return leave();
    this.#backend.end(this.#run).catch(leave);
    setTimeout(leave, PATIENCE);
  }

  /** Back to the first line and an empty Docker host. */
  async reset() {
    this.#lead("rest");
    await this.#leaveAndRest();
    // where it cannot be told to, the host ends by itself
    await this.#backend.reset().catch(() => {});
    if (!this.#controller) this.#tell(label.wasReset);
  }

  async #leaveAndRest() {
    this.#leave();
    await this.#done;
    this.#rest();
  }

  /** @param {AsyncIterable<WireEvent>} stream */
  async #read(stream) {
    let turn = performance.now();
    for await (const event of stream) {
      this.#take(event);
      if (event.type === "exited" || event.type === "failed") return event;
      if (performance.now() - turn < TURN) continue;
      await new Promise(next => setTimeout(next));
      turn = performance.now();
    }
    throw new Error("the stream ended early");
  }

  /** One event of a run. @param {WireEvent} event */
  #take(event) {
    const { type, code, hint = "" } = event;
    const replaying = this.getAttribute("state") === "replaying";
    const ended = type === "exited" || type === "failed";
    if (type === "accepted" && !replaying) this.#run = event.run;
    if (type === "exited") this.setAttribute("code", code);
    this.#story.show(event);
    if (ended) this.#tell(this.#view.result.textContent, hint);
    if (STATES[type] && (ended || !replaying)) this.#turn(STATES[type]);
    this.dispatchEvent(new CustomEvent("docker-run:event", { bubbles: true, detail: event }));
  }

  /** It ended without a last event. @param {unknown} error */
  #broken(error) {
    const stopped = error === STOPPED;
    const absent = this.#run ? label.cutOff : this.#recording ? label.edited : label.offline;
    this.#tell(stopped ? label.stopped : refused(error) ? refusal(error) : absent);
    this.#turn(stopped ? "idle" : refused(error) || this.#run ? "failed" : "offline");
  }

  /** @param {string} state */
  #turn(state) {
    this.setAttribute("state", state);
    this.attend();
    leaderOf(this)?.attend();
  }

  /** Offer Stop as long as there is something to stop here or in what follows, and say what still follows. */
  attend() {
    const going = busy(this) || isolationsBehind(this).length > 0;
    const { run, stop } = this.#view;
    const moved = document.activeElement === (going ? run : stop);
    run.hidden = going;
    stop.hidden = !going;
    if (moved) (going ? stop : run).focus();
    this.#view.others(othersOf(this));
  }

  #clear() {
    this.removeAttribute("code");
    this.removeAttribute("shown");
    this.#story.clear();
  }

  /** Show how it stands, and say it with what belongs to it. @param {string} words */
  #tell(words, more = "") {
    this.#view.told.style.minHeight = "";
    this.#view.result.textContent = words;
    // a listener is told, too, that it is a recording
    this.#view.status.textContent = [words, more, ...this.#story.panels.map(panel => panel.words), this.#view.source.textContent].filter(Boolean).join(" ");
  }
}

if (!customElements.get("docker-run")) customElements.define("docker-run", DockerRun);
