// Builds the element's parts, and changes what they show.
import { anatomy } from "./anatomy.js";
import { part, rare, vector } from "./dom.js";
import { saidText, stepNames, texts } from "./strings.js";

const ICONS = {
  run: "M3 2l9 5-9 5z",
  stop: "M3 3h8v8H3z",
  copy: "M5 5h7v7H5zM9 5V2H2v7h3",
  reset: "M3.2 5.2A4.5 4.5 0 1 1 2.5 8M2.5 2v3.6h3.6",
};

/** @param {keyof typeof ICONS} name */
function button(name) {
  const svg = vector("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, vector("path", { d: ICONS[name] }));
  return part("button", { type: name === "run" ? "submit" : "button", class: name }, svg, texts[name]);
}

/** A button that folds and unfolds, and the function that does. @param {string} name @param {string} text @param {(open: boolean) => void} show */
function folding(name, text, show) {
  const made = part("button", { type: "button", class: name }, text);
  /** @param {boolean} open */
  const unfold = open => show((made.ariaExpanded = `${open}`) === "true");
  made.addEventListener("click", () => unfold(made.ariaExpanded !== "true"));
  return /** @type {const} */ ([made, unfold]);
}

/** The command line: a plain text field, over a mirror of it that wraps alike and is coloured. */
function buildLine() {
  const mirror = part("span", { class: "mirror", translate: "no", "aria-hidden": "true" });
  const line = part("textarea", { rows: "1", translate: "no", "aria-label": texts.line, spellcheck: "false", autocapitalize: "off", autocorrect: "off", autocomplete: "off", enterkeyhint: "go" });
  const paint = () => mirror.replaceChildren(...anatomy(line.value).map(([kind, text]) => (kind ? part("span", { class: kind }, text) : text)));
  /** @param {string} text */
  const write = text => {
    line.value = text;
    paint();
  };
  line.addEventListener("input", async () => {
    paint();
    if (!/\n/.test(line.value)) return;
    // what is dropped or dictated may have several lines; those in quotes are the command's
    await rare();
    const tidy = globalThis.dockerRunRare?.flat(line.value) ?? line.value;
    if (tidy !== line.value) write(tidy);
  });
  return { line, write, field: part("label", {}, part("span", { class: "prompt" }, "$"), part("span", { class: "field" }, mirror, line)) };
}

/** The command line with its buttons. @param {(open: boolean) => void} show the recording that is folded */
function buildForm(show) {
  const { line, write, field } = buildLine();
  const [run, stop, copy, reset] = [button("run"), button("stop"), button("copy"), button("reset")];
  const [peek, unfoldPeek] = folding("peek", texts.peek, show);
  const form = part("form", {}, field, part("div", { class: "buttons" }, run, stop, copy, reset, peek));
  return { form, line, write, run, stop, copy, reset, peek, unfoldPeek };
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

/** The result, in the eye and in the ear, and the advice below it. @param {(corrected: string) => void} take */
function buildOutcome(take) {
  const result = part("p", { class: "result" });
  const advice = part("div", {});
  const outcome = part("div", { class: "outcome" }, result, advice);
  const status = part("p", { class: "spoken", role: "status" });
  const appended = [result, status].map(text => [text, part("span", {})]);
  return {
    outcome, result, status,
    /** @param {string} text */
    note(text) {
      advice.append(part("p", {}, text));
    },
    /** @param {string} text @param {string} [corrected] the part of it that the reader can take over */
    hint(text, corrected) {
      advice.append(hint(take, text, corrected));
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
      advice.replaceChildren();
      result.textContent = "";
    },
  };
}

/** @param {(corrected: string) => void} take @param {string} text @param {string} [corrected] */
function hint(take, text, corrected) {
  if (!corrected) return part("p", { class: "hint" }, text);
  const [before, after] = text.split(corrected);
  const use = part("button", { type: "button", class: "use" }, texts.use);
  use.addEventListener("click", () => take(corrected));
  return part("p", { class: "hint" }, before, part("code", { translate: "no" }, corrected), after, " ", use);
}

/** What came out: docker's own lines, folded, and the program's. */
function buildOutput() {
  const badge = part("span", { class: "badge" });
  // cut to one line, whole for who touches it
  const source = part("p", { class: "source", tabindex: "0" });
  const said = part("div", { class: "said", translate: "no", role: "group", "aria-label": texts.said, tabindex: "0" });
  const screen = part("div", { class: "screen", translate: "no", role: "log", "aria-label": texts.output, "aria-live": "off", tabindex: "0", "data-none": texts.silent });
  const [fold, unfold] = folding("fold", "", open => (said.hidden = !open));
  /** How many lines docker has said. @param {number} lines */
  const count = lines => {
    fold.hidden = !lines;
    fold.textContent = saidText(lines);
  };
  return {
    badge, source, said, screen, unfold, count,
    head: part("div", { class: "head" }, badge, source, fold),
    clearOutput() {
      badge.textContent = source.textContent = "";
      count(0);
    },
  };
}

export function build() {
  const form = buildForm(open => root.parentElement?.toggleAttribute("peek", open));
  const outcome = buildOutcome(corrected => (form.write(corrected), form.line.focus()));
  const [steps, output] = [buildSteps(), buildOutput()];
  const answer = part("div", { class: "answer" }, steps.steps, outcome.outcome, output.head, output.said, output.screen);
  const root = part("div", { class: "frame", role: "group" }, form.form, answer, outcome.status);
  return {
    ...form, ...outcome, ...steps, ...output, answer, root,
    clear() {
      outcome.clearOutcome();
      steps.clearSteps();
      output.clearOutput();
    },
    /** Show what a run leaves, or nothing of it. @param {boolean} rest */
    rest(rest) {
      root.toggleAttribute("rest", rest);
      form.unfoldPeek(false);
      if (rest) answer.style.minHeight = outcome.outcome.style.minHeight = "";
    },
  };
}
