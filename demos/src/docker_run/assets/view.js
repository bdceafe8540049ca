// Builds the element's parts, and changes what they show.
import { part, vector } from "./dom.js";
import { stepNames, texts } from "./strings.js";

const ICONS = {
  run: "M3 2l9 5-9 5z",
  stop: "M3 3h8v8H3z",
  reset: "M3.2 5.2A4.5 4.5 0 1 1 2.5 8M2.5 2v3.6h3.6",
  copy: "M5 5h7v7H5zM9 5V2H2v7h3",
};

/** @param {keyof typeof ICONS} name */
function button(name) {
  const svg = vector("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, vector("path", { d: ICONS[name] }));
  return part("button", { type: name === "run" ? "submit" : "button", class: name }, svg, texts[name]);
}

/** The command line with its buttons. */
function buildForm() {
  const line = part("input", { "aria-label": texts.line, spellcheck: "false", autocapitalize: "off", autocorrect: "off", autocomplete: "off", enterkeyhint: "go" });
  const [run, stop, reset, copy] = [button("run"), button("stop"), button("reset"), button("copy")];
  const prompt = part("label", {}, part("span", {}, "$"), line);
  return { form: part("form", {}, prompt, part("div", { class: "buttons" }, reset, copy, run, stop)), line, run, stop, reset, copy };
}

/** The steps of the way, each with what came of it. */
function buildSteps() {
  const steps = part("div", { class: "steps", role: "list", "aria-label": texts.steps });
  for (const [step, name] of Object.entries(stepNames)) steps.append(part("div", { class: step, role: "listitem" }, name, " ", part("b", {})));
  return {
    steps,
    /** @param {string} step @param {string} text */
    step(step, text) {
      const item = steps.querySelector("." + step);
      item?.classList.add("done");
      item?.lastElementChild?.replaceChildren(text);
    },
    created: () => !!steps.querySelector(".container.done"),
    clearSteps() {
      for (const item of steps.children) {
        item.classList.remove("done");
        item.lastElementChild?.replaceChildren();
      }
    },
  };
}

/** The result, in the eye and in the ear, and the advice below it. @param {HTMLInputElement} line */
function buildOutcome(line) {
  const result = part("p", { class: "result" });
  const source = part("p", { class: "source" });
  const advice = part("div", {});
  const outcome = part("div", { class: "outcome" }, result, part("p", { class: "keys", "aria-hidden": "true" }, texts.keys), source, advice);
  const status = part("p", { class: "spoken", role: "status" });
  const appended = [result, status].map(text => [text, part("span", {})]);
  return {
    outcome, result, source, status,
    /** @param {string} text */
    note(text) {
      advice.append(part("p", {}, text));
    },
    /** @param {string} text @param {string} [corrected] the part of it that the reader can take over */
    hint(text, corrected) {
      advice.append(hint(line, text, corrected));
    },
    /** Append a text to the result, or remove it again when it is empty. @param {string} more */
    append(more) {
      for (const [text, end] of appended) {
        end.textContent = more && ` ${more}`;
        if (more) text.append(end);
        else end.remove();
      }
    },
    clearOutcome() {
      // the height stays until the next run has ended, so that nothing moves
      outcome.style.minHeight = `${outcome.offsetHeight}px`;
      advice.replaceChildren();
      result.textContent = source.textContent = "";
    },
  };
}

/** @param {HTMLInputElement} line @param {string} text @param {string} [corrected] */
function hint(line, text, corrected) {
  if (!corrected) return part("p", { class: "hint" }, text);
  const [before, after] = text.split(corrected);
  const use = part("button", { type: "button", class: "use" }, texts.use);
  use.addEventListener("click", () => ((line.value = corrected), line.focus()));
  return part("p", { class: "hint" }, before, part("code", {}, corrected), after, " ", use);
}

export function build() {
  const form = buildForm();
  const screen = part("div", { class: "screen", role: "log", "aria-label": texts.output, "aria-live": "off", tabindex: "0" });
  const outcome = buildOutcome(form.line);
  const steps = buildSteps();
  const root = part("div", { class: "frame", role: "group" }, form.form, screen, outcome.outcome, steps.steps, outcome.status);
  return {
    ...form, ...outcome, ...steps, root, screen,
    clear() {
      outcome.clearOutcome();
      steps.clearSteps();
    },
  };
}
