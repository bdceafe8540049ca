// <docker-run>: one docker command line that the reader can change and run.
import { client, ServiceError, explained, lacksIsolation } from "./client.js";
import { History, listen } from "./line.js";
import { events } from "./ndjson.js";
import { recordingIn, replayed } from "./replay.js";
import { GOING, isEnd, RunView, STATES } from "./run.js";
import { clockText, originText, problemText, texts } from "./strings.js";
import { needs } from "./terminal.js";
import { build } from "./view.js";

const STOPPED = new Error("stopped");
// ms until a run that goes on after Stop is left alone
const PATIENCE = 2000;
// ms of events after which the browser may draw
const TURN = 12;
// ms between two looks at the clock, so that a run of a few milliseconds shows none
const TICK = 100;

export class DockerRun extends HTMLElement {
  #view = build();
  #runView = new RunView(this.#view);
  #history = new History();
  #original = "";
  /** @type {Recording | undefined} */
  #recording;
  /** Of the run that goes on. @type {AbortController | null} */
  #controller = null;
  /** @type {Promise<WireEvent | undefined> | undefined} */
  #done;
  /** The run's id, once it is known. @type {string | null} */
  #run = null;
  #abort = () => this.#controller?.abort(STOPPED);
  /** The elements that act with this one, if there are any. @type {Company | undefined} */
  company;

  connectedCallback() {
    addEventListener("pagehide", this.#abort);
    const { root, peek } = this.#view;
    if (root.parentNode) return;
    this.#original = (this.querySelector("code") ?? this).textContent?.trim() ?? "";
    this.#recording = recordingIn(this);
    // of a question nothing is shown before it is answered
    peek.hidden = !this.#recording || this.hasAttribute("predict");
    root.ariaLabel = this.getAttribute("label") ?? `${texts.group}: ${this.#original}`;
    this.style.setProperty("--docker-run-lines", this.getAttribute("lines"));
    this.#runView.equip(this);
    // filled before it is on the page, where every look at a size would cost a layout;
    // what was there stays, for paper and to be looked at
    this.#restore();
    this.prepend(root);
    listen(this.#view, this.#history, this);
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#abort);
    this.#abort();
  }

  get busy() {
    return GOING.test(this.getAttribute("state") ?? "");
  }

  /** The command line as it stands. */
  get command() {
    return this.#view.line.value;
  }

  set command(line) {
    this.#view.write(line);
  }

  /** Show the original line, and nothing of a run. */
  #restore() {
    this.#rest();
    this.#view.write(this.#original);
  }

  /** Show no run. */
  #rest() {
    this.#clear("idle");
    this.#view.rest(true);
  }

  /** Run the line as it stands, and bring the answer into view; resolves with the last event, or undefined when there was none. */
  async run(inView = true) {
    const { line } = this.#view;
    const command = line.value.trim();
    if (this.#controller || this.company?.busy) return undefined;
    if (!command) {
      this.#rest();
      return this.#say(texts.empty);
    }
    this.#controller = new AbortController();
    this.company?.act?.("run");
    this.#history.add(command);
    return (this.#done = this.#runOrReplay(command, this.#controller.signal, inView));
  }

  /** Make room for the answer at once, so that nothing moves when it comes. @param {boolean} inView */
  #begin(inView) {
    const { line, root, answer, screen, status } = this.#view;
    // a phone's keyboard would hide it
    if (matchMedia("(pointer: coarse)").matches) line.blur();
    this.#clear("queued");
    this.#view.rest(false);
    this.#runView.reserve(this.#recording?.events, Number(this.getAttribute("lines") ?? 6));
    // of what is higher than the window the answer, and of that the first line
    if (inView) for (const part of [root, answer, screen]) part.scrollIntoView({ block: "nearest" });
    status.textContent = texts.running;
  }

  /** @param {string} command @param {AbortSignal} signal @param {boolean} inView */
  async #runOrReplay(command, signal, inView) {
    const { badge } = this.#view;
    const begun = performance.now();
    const clock = setInterval(() => (badge.textContent = clockText(performance.now() - begun)), TICK);
    try {
      this.#begin(inView);
      await this.company?.before?.();
      await globalThis.dockerRunTurn?.(this.#done, signal, this.#runView);
      const live = client(this).run(command, signal, this.getAttribute("isolation") ?? undefined).then(body => this.#read(events(body)));
      return await live.catch(error => this.#replay(command, signal, error));
    } catch (error) {
      this.#runView.draw();
      this.#fail(signal.aborted ? STOPPED : error);
      return undefined;
    } finally {
      clearInterval(clock);
      badge.textContent = texts[this.hasAttribute("shown") ? "kept" : "fresh"];
      this.#controller = this.#run = null;
    }
  }

  /** Play the recording, where no backend has answered. @param {string} command @param {AbortSignal} signal @param {unknown} error */
  #replay(command, signal, error) {
    const { source, status } = this.#view;
    const recording = this.#recording;
    const absent = lacksIsolation(error);
    // a fault of the page is none of the network
    const offline = error instanceof ServiceError && (!error.problem || absent);
    if (command !== recording?.command || this.#run || signal.aborted || !offline) throw error;
    this.toggleAttribute("absent", absent);
    this.#setState("replaying");
    this.setAttribute("shown", "recording");
    status.textContent = source.textContent = (absent ? texts.noIsolation : texts.replaying) + originText(recording);
    return this.#read(replayed(recording.events, signal));
  }

  /** End the run; its last event then says how it ended. When none comes in time, the run is left alone. */
  stop() {
    this.company?.act?.("stop");
    const controller = this.#controller;
    const leave = () => controller?.abort(STOPPED);
    if (!this.#run) return leave();
    client(this).end(this.#run).catch(leave);
    setTimeout(leave, PATIENCE);
  }

  /** Return to the original line and to an empty Docker host. */
  async reset() {
    this.company?.act?.("restore");
    await this.restore();
    // a host that cannot be reached ends by itself once it has been idle
    await client(this).reset().catch(() => {});
    if (!this.#controller) this.#say(texts.wasReset);
  }

  /** End the run, and return to the original line. */
  async restore() {
    this.#abort();
    await this.#done;
    this.#restore();
  }

  /** @param {AsyncIterable<WireEvent>} stream */
  async #read(stream) {
    let turn = performance.now();
    for await (const event of stream) {
      await needs(event.text);
      this.#take(event);
      if (isEnd(event)) return event;
      if (performance.now() - turn < TURN) continue;
      await new Promise(next => setTimeout(next));
      turn = performance.now();
    }
    throw new ServiceError();
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
      : !(error instanceof ServiceError) ? ["failed", texts.fault + error]
      : this.#run ? ["failed", texts.cutOff]
      : ["offline", this.#recording ? texts.edited : texts.offline];
    this.#say(text);
    this.#setState(state);
  }

  /** @param {string} state */
  #setState(state) {
    this.setAttribute("state", state);
    this.update();
    this.company?.changed?.();
  }

  /** Offer Stop while this element or its company runs, and Run else; show who still runs. */
  update() {
    const running = this.busy || !!this.company?.busy;
    const { run, stop } = this.#view;
    const moved = document.activeElement === (running ? run : stop);
    this.toggleAttribute("busy", running);
    run.hidden = running;
    stop.hidden = !running;
    if (moved) (running ? stop : run).focus();
    this.#view.append(this.company?.words ?? "");
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
    const { result, status, source } = this.#view;
    result.textContent = text;
    const parts = [text, more, ...this.#runView.panels.map(panel => panel.text), source.textContent];
    status.textContent = parts.filter(Boolean).join(" ");
  }
}

if (!customElements.get("docker-run")) customElements.define("docker-run", DockerRun);
