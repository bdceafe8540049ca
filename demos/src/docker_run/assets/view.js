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

export function build() {
  const line = part("input", { "aria-label": texts.line, spellcheck: "false", autocapitalize: "off", autocorrect: "off", autocomplete: "off", enterkeyhint: "go" });
  const [run, stop, reset, copy] = [button("run"), button("stop"), button("reset"), button("copy")];
  const prompt = part("label", {}, part("span", {}, "$"), line);
  const form = part("form", {}, prompt, part("div", { class: "buttons" }, reset, copy, run, stop));
  const screen = part("div", { class: "screen", role: "log", "aria-label": texts.output, "aria-live": "off", tabindex: "0" });
  const result = part("p", { class: "result" });
  const source = part("p", { class: "source" });
  const advice = part("div", {});
  const outcome = part("div", { class: "outcome" }, result, part("p", { class: "keys", "aria-hidden": "true" }, texts.keys), source, advice);
  const steps = part("div", { class: "steps", role: "list", "aria-label": texts.steps });
  for (const [step, name] of Object.entries(stepNames)) steps.append(part("div", { class: step, role: "listitem" }, name, " ", part("b", {})));
  const status = part("p", { class: "spoken", role: "status" });
  const appended = [result, status].map(text => [text, part("span", {})]);
  const root = part("div", { class: "frame", role: "group" }, form, screen, outcome, steps, status);

  return {
    root, form, line, run, stop, reset, copy, screen, outcome, result, source, status,
    /** @param {string} step @param {string} text */
    step(step, text) {
      const item = steps.querySelector("." + step);
      item?.classList.add("done");
      item?.lastElementChild?.replaceChildren(text);
    },
    /** @param {string} text */
    note(text) {
      advice.append(part("p", {}, text));
    },
    /** @param {string} text @param {string} [corrected] the part of it that the reader can take over */
    hint(text, corrected) {
      const hint = part("p", { class: "hint" }, text);
      if (corrected) {
        const [before, after] = text.split(corrected);
        const use = part("button", { type: "button", class: "use" }, texts.use);
        use.addEventListener("click", () => ((line.value = corrected), line.focus()));
        hint.replaceChildren(before, part("code", {}, corrected), after, " ", use);
      }
      advice.append(hint);
    },
    /** Append a text to the result, or remove it again when it is empty. @param {string} more */
    append(more) {
      for (const [text, end] of appended) {
        end.textContent = more && ` ${more}`;
        if (more) text.append(end);
        else end.remove();
      }
    },
    created: () => !!steps.querySelector(".container.done"),
    clear() {
      // the height stays until the next run has ended, so that nothing moves
      outcome.style.minHeight = `${outcome.offsetHeight}px`;
      for (const item of steps.children) {
        item.classList.remove("done");
        item.lastElementChild?.replaceChildren();
      }
      advice.replaceChildren();
      result.textContent = source.textContent = "";
    },
  };
}
