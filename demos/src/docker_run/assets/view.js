// The element's own parts, built once; nothing here knows of runs.
import { label, places } from "./words.js";

const ICONS = {
  run: "M3 2l9 5-9 5z",
  stop: "M3 3h8v8H3z",
  reset: "M3.2 5.2A4.5 4.5 0 1 1 2.5 8M2.5 2v3.6h3.6",
  copy: "M5 5h7v7H5zM9 5V2H2v7h3",
};

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, string>} attributes @param {(Node | string)[]} children
 */
function part(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...children);
  return made;
}

/** @param {string} shape */
function icon(shape) {
  const [svg, path] = ["svg", "path"].map(tag => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 14 14");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shape);
  svg.append(path);
  return svg;
}

/** @param {keyof typeof ICONS} name @param {string} type */
const button = (name, type = "button") => part("button", { type, class: name }, icon(ICONS[name]), label[name]);

/** @param {[string, string]} place */
const step = ([place, name]) => part("li", { "data-place": place }, name, " ", part("b", {}));

/** The parts of one element. @param {string} command @param {string | null} title names it for a screen reader */
export function build(command, title) {
  const line = part("input", { "aria-label": label.line, value: command, spellcheck: "false", autocapitalize: "off", autocorrect: "off", autocomplete: "off", enterkeyhint: "go" });
  const [run, stop, reset, copy] = [button("run", "submit"), button("stop"), button("reset"), button("copy")];
  const prompt = part("label", {}, part("span", { "aria-hidden": "true" }, "$"), line);
  const form = part("form", {}, prompt, part("div", { class: "buttons" }, reset, copy, run, stop));
  const screen = part("div", { class: "screen", role: "log", "aria-label": label.output, "aria-live": "off", tabindex: "0" });
  const frame = part("div", { class: "frame" }, screen, part("p", { class: "before" }, label.before));
  const result = part("p", { class: "result" });
  const advice = part("div", { class: "advice" });
  const told = part("div", { class: "told" }, result, part("p", { class: "keys", "aria-hidden": "true" }, label.keys), advice);
  const steps = part("ol", { "aria-label": label.steps }, ...Object.entries(places).map(step));
  const status = part("p", { class: "spoken", role: "status" });
  const root = part("div", { class: "box", role: "group", "aria-label": title ?? `${label.group}: ${command}` }, form, frame, told, steps, status);

  return {
    root, form, line, run, stop, reset, copy, screen, result, status,
    /** Fill the place of a step. @param {string} place @param {string} words */
    step(place, words) {
      const item = steps.querySelector(`[data-place=${place}]`);
      item?.classList.add("done");
      item?.lastElementChild?.replaceChildren(words);
    },
    /** @param {string} words */
    note(words) {
      advice.append(part("p", {}, words));
    },
    /** @param {string} words @param {string | undefined} line @param {(line: string) => void} use */
    hint(words, line, use) {
      const at = line ? words.lastIndexOf(line) : 0;
      const hint = part("p", { class: "hint" }, words.slice(0, at));
      if (line) {
        const change = part("button", { type: "button", class: "use" }, label.use);
        change.addEventListener("click", () => use(line));
        hint.append(part("code", {}, line), words.slice(at + line.length), " ", change);
      } else hint.append(words);
      advice.append(hint);
    },
    clear() {
      for (const item of steps.children) {
        item.classList.remove("done");
        item.lastElementChild?.replaceChildren();
      }
      advice.replaceChildren();
      result.textContent = status.textContent = "";
    },
  };
}
