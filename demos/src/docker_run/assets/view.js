// The element's own parts.
import { part, vector } from "./parts.js";
import { label, places } from "./words.js";

const ICONS = {
  run: "M3 2l9 5-9 5z",
  stop: "M3 3h8v8H3z",
  reset: "M3.2 5.2A4.5 4.5 0 1 1 2.5 8M2.5 2v3.6h3.6",
  copy: "M5 5h7v7H5zM9 5V2H2v7h3",
};

/** @param {keyof typeof ICONS} name */
function button(name) {
  const svg = vector("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" }, vector("path", { d: ICONS[name] }));
  return part("button", { type: name === "run" ? "submit" : "button", class: name }, svg, label[name]);
}

export function build() {
  const line = part("input", { "aria-label": label.line, spellcheck: "false", autocapitalize: "off", autocorrect: "off", autocomplete: "off", enterkeyhint: "go" });
  const [run, stop, reset, copy] = [button("run"), button("stop"), button("reset"), button("copy")];
  const prompt = part("label", {}, part("span", {}, "$"), line);
  const form = part("form", {}, prompt, part("div", { class: "buttons" }, reset, copy, run, stop));
  const screen = part("div", { class: "screen", role: "log", "aria-label": label.output, "aria-live": "off", tabindex: "0" });
  const result = part("p", { class: "result" });
  const source = part("p", { class: "source" });
  const advice = part("div", {});
  const told = part("div", { class: "told" }, result, part("p", { class: "keys", "aria-hidden": "true" }, label.keys), source, advice);
  const steps = part("div", { class: "steps", role: "list", "aria-label": label.steps });
  for (const [place, name] of Object.entries(places)) steps.append(part("div", { class: place, role: "listitem" }, name, " ", part("b", {})));
  const status = part("p", { class: "spoken", role: "status" });
  const others = [result, status].map(place => [place, part("span", {})]);
  const root = part("div", { class: "box", role: "group" }, form, screen, told, steps, status);

  return {
    root, form, line, run, stop, reset, copy, screen, told, result, source, status,
    /** @param {string} place @param {string} words */
    step(place, words) {
      const item = steps.querySelector("." + place);
      item?.classList.add("done");
      item?.lastElementChild?.replaceChildren(words);
    },
    /** @param {string} words */
    note(words) {
      advice.append(part("p", {}, words));
    },
    /** @param {string} words @param {string} [better] the line in them that is offered */
    hint(words, better) {
      const hint = part("p", { class: "hint" }, words);
      if (better) {
        const [before, after] = words.split(better);
        const use = part("button", { type: "button", class: "use" }, label.use);
        use.addEventListener("click", () => ((line.value = better), line.focus()));
        hint.replaceChildren(before, part("code", {}, better), after, " ", use);
      }
      advice.append(hint);
    },
    /** What goes on beside this one, after how it ended. @param {string} words */
    others(words) {
      for (const [place, said] of others) {
        said.textContent = words && ` ${words}`;
        if (words) place.append(said);
        else said.remove();
      }
    },
    created: () => !!steps.querySelector(".container.done"),
    clear() {
      // keep the height until the end
      told.style.minHeight = `${told.offsetHeight}px`;
      for (const item of steps.children) {
        item.classList.remove("done");
        item.lastElementChild?.replaceChildren();
      }
      advice.replaceChildren();
      result.textContent = source.textContent = "";
    },
  };
}
