// Asks what will come of a run before it begins, and shows afterwards what did. A page that has a question loads it, before
// the element. Nothing is kept: a reload asks anew.
import { part } from "../dom.js";
import { recordingIn } from "../replay.js";
import { actualText, asking, outputOf, stepSentences, verdicts } from "./strings.js";

/** @typedef {import("../element.js").DockerRun} Demo */

// ms between two steps that are shown again
const PACE = 700;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Do what the element itself does, which may not be there yet when the question begins. @param {Demo} demo @returns {Demo} */
const own = demo => Object.getPrototypeOf(demo);

class Question {
  #rows = part("dl", {});
  #word = part("p", {});
  #told = part("div", { role: "status" }, this.#rows, this.#word);
  #again = part("button", { type: "button" }, asking.again);
  #steps = part("ol", { "aria-live": "polite" });
  #verdict = part("div", { class: "verdict", hidden: "" }, this.#told, this.#again, this.#steps);
  /** The run's events so far, without its output. @type {WireEvent[]} */
  #events = [];
  /** Counts what begins, so that what an earlier run has begun can end. */
  #turn = 0;

  /** @param {HTMLFormElement} form @param {HTMLFieldSetElement} fieldset @param {Demo} demo */
  constructor(form, fieldset, demo) {
    this.form = form;
    this.fieldset = fieldset;
    this.demo = demo;
    this.legend = form.querySelector("legend") ?? part("legend", {});
    this.invitation = this.legend.textContent;
    this.original = demo.querySelector("code")?.textContent?.trim();
    this.likely = outputOf(recordingIn(demo)?.events ?? []);
    let next = form.parentElement?.nextElementSibling;
    // a site may set a line of its own between a demo and what follows it
    while (next?.matches("p")) next = next.nextElementSibling;
    this.solution = next instanceof HTMLDetailsElement ? next : part("details", {});
    form.parentElement?.append(this.#verdict);
    this.#describe(form.parentElement?.previousElementSibling);
    this.#listen();
  }

  /** Let a screen reader read the paragraph before the choices with them. @param {Element | null | undefined} paragraph */
  #describe(paragraph) {
    if (!paragraph?.matches("p")) return;
    paragraph.id ||= `${this.demo.id}-asked`;
    this.fieldset.setAttribute("aria-describedby", paragraph.id);
  }

  #listen() {
    const { demo, form } = this;
    demo.run = inView => this.run(inView);
    demo.restore = async () => {
      await own(demo).restore.call(demo);
      this.restore();
    };
    demo.addEventListener("docker-run:event", ({ detail }) => detail.type !== "output" && this.#events.push(detail));
    form.addEventListener("change", () => this.#invite(this.invitation));
    // a form without a button is not submitted by Enter on a choice
    form.addEventListener("keydown", event => {
      if (event.key !== "Enter" || event.repeat) return;
      event.preventDefault();
      // the choice that has the focus is about to be locked
      if (this.#choice) demo.querySelector("button")?.focus();
      demo.run();
    });
    this.#again.addEventListener("click", () => this.#replay());
  }

  get #choice() {
    return /** @type {HTMLInputElement | null} */ (this.form.querySelector(":checked"));
  }

  /** What the demo has put out, its answers rather than its complaints, or docker where there was no program. */
  get #output() {
    const names = [".screen .stdout", ".screen"];
    if (!this.#events.some(({ type }) => type === "started")) names.push(".said");
    const found = names.map(name => [...this.demo.querySelectorAll(name)].map(one => one.textContent).join(""));
    return found.find(Boolean) ?? "";
  }

  /** Run the line, once a choice has been made; of a line that the reader has changed nothing is asked. @param {boolean} [inView] */
  async run(inView) {
    const { demo } = this;
    const run = () => own(demo).run.call(demo, inView);
    if (demo.hasAttribute("busy")) return run();
    const choice = this.#choice;
    const asked = demo.command.trim() === this.original;
    if (asked && !choice) return this.#ask();
    this.#turn += 1;
    this.#verdict.hidden = true;
    if (!asked || !choice) return run();
    this.#begin(choice);
    const done = run();
    if (inView !== false) for (const one of [this.#verdict, demo.querySelector(".screen")]) one?.scrollIntoView({ block: "nearest" });
    const end = /** @type {WireEvent | undefined} */ (await done);
    if (end?.type === "exited" && end.reason !== "cancelled") this.#judge(choice, end.code);
    else this.#unlock();
    return end;
  }

  /** Begin anew, with nothing chosen. */
  restore() {
    this.form.reset();
    this.#unlock();
  }

  /** Ask for the choice that is missing. */
  #ask() {
    this.#invite(asking.first);
    this.form.querySelector("input")?.focus();
    return undefined;
  }

  /** @param {string | null} text */
  #invite(text) {
    this.legend.textContent = text;
    this.legend.classList.toggle("wanted", text === asking.first);
  }

  /** Lock the choice, and make room for the end at once, so that nothing moves when it comes. @param {HTMLInputElement} choice */
  #begin(choice) {
    this.#events = [];
    this.fieldset.disabled = true;
    this.#verdict.hidden = false;
    this.#verdict.style.minHeight = "";
    this.#judge(choice, Number(this.form.dataset.code), this.likely);
    this.#verdict.style.minHeight = `${this.#verdict.offsetHeight}px`;
    this.#tell([[asking.guess, said(choice)]], "");
    this.#again.hidden = true;
    this.#told.ariaBusy = "true";
    // open, and blank until then
    this.solution.dataset.waits = "";
  }

  /** Show what was expected beside what happened, and the solution. @param {HTMLInputElement} choice @param {number} code
   * @param {string} [output] */
  #judge(choice, code, output = this.#output) {
    const { right, code: recorded = code } = this.form.dataset;
    const verdict = `${recorded}` !== `${code}` ? "different" : choice.value === right ? "right" : "wrong";
    const rows = [[asking.guess, said(choice)], [asking.actual, actualText(code, output)]];
    const answer = this.form.querySelector(`[value="${right}"]`);
    if (verdict === "wrong") rows.splice(1, 0, [asking.right, said(answer)]);
    this.#told.ariaBusy = "false";
    this.#tell(rows, verdicts[verdict]);
    this.#again.hidden = verdict !== "wrong";
    this.#steps.replaceChildren();
    this.solution.open = true;
    delete this.solution.dataset.waits;
  }

  /** Let the reader choose once more, since there is nothing to compare. */
  #unlock() {
    this.#turn += 1;
    this.fieldset.disabled = false;
    this.#invite(this.invitation);
    this.#verdict.hidden = true;
    this.solution.open = false;
    delete this.solution.dataset.waits;
  }

  /** @param {string[][]} rows @param {string} word */
  #tell(rows, word) {
    this.#rows.replaceChildren(...rows.map(([name, text]) => part("div", {}, part("dt", {}, name), part("dd", {}, text))));
    this.#word.textContent = word;
  }

  /** Show the steps of the run again, slowly enough to read each. */
  async #replay() {
    const turn = (this.#turn += 1);
    this.#steps.replaceChildren();
    for (const sentence of stepSentences(this.#events, this.#output)) {
      this.#steps.append(part("li", {}, sentence));
      if (!still.matches) await new Promise(next => setTimeout(next, PACE));
      if (turn !== this.#turn) return;
    }
  }
}

/** The text of a choice. @param {Element | null} input */
const said = input => input?.closest("label")?.textContent?.trim() ?? "";

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.choices"))) {
  const demo = /** @type {Demo | null | undefined} */ (form.parentElement?.querySelector("docker-run"));
  const fieldset = form.querySelector("fieldset");
  if (demo && fieldset) new Question(form, fieldset, demo);
}
