// Touching a word of a demo's command, with the pointer or the caret, lights what stands for it in the figures that the demo
// moves; touching a part of a figure, or its button, lights the words. hooks/stage.py writes below each such figure:
//   .words[data-demos]           the demos whose runs move it
//   button[data-word][data-parts]  a part of the command line, as the element calls it, and what stands for it in the figure
// What is lit carries data-touched.

/** What is touched: a part of the command line, and the demos that it is meant of, or everything that moves a figure.
 * @typedef {{ word: string, demos: string[] }} Touched */

/** @typedef {{ group: HTMLElement, figure: Element, demos: string[], buttons: HTMLButtonElement[], said: Element, hint: string }} Words */

/** @param {Element | null | undefined} part */
const followed = part => part?.closest("[data-demo]")?.getAttribute("data-demo")?.split(" ");

/** @type {Words[]} */
const all = [...document.querySelectorAll(".words")].map(element => {
  const group = /** @type {HTMLElement} */ (element);
  const figure = /** @type {Element} */ (group.closest(".figure"));
  const said = /** @type {Element} */ (group.querySelector(".words-said"));
  const demos = group.dataset.demos?.split(" ") ?? [];
  return { group, figure, demos, buttons: [...group.querySelectorAll("button")], said, hint: said.textContent ?? "" };
});

/** What stays lit when nothing is pointed at. @type {Touched | undefined} */
let pinned;
let lit = "";

/** @param {Touched} [touched] */
const key = touched => (touched ? `${touched.word} ${touched.demos.join(" ")}` : "");

/** The ids of a demo and of those that run its command with it. @param {Element} demo */
const idsOf = demo => [demo.id, ...[...document.querySelectorAll(`docker-run[follows="${demo.id}"]`)].map(one => one.id)];

/** The words that are such a part of the command that a demo runs. @param {string} id @param {string} word */
function wordsOf(id, word) {
  const lead = document.getElementById(id)?.getAttribute("follows") ?? id;
  return [...document.querySelectorAll(`docker-run[id="${lead}"] .mirror .${word}`)];
}

/** Light what is touched and nothing else. @param {Touched} [touched] */
function light(touched) {
  if (key(touched) === lit) return;
  lit = key(touched);
  for (const one of document.querySelectorAll("[data-touched]")) one.removeAttribute("data-touched");
  for (const { figure, demos, buttons, said, hint } of all) {
    const meant = touched ? demos.filter(demo => touched.demos.includes(demo)) : [];
    const button = meant.length ? buttons.find(one => one.dataset.word === touched?.word) : undefined;
    const parts = button ? [...figure.querySelectorAll(`svg :is(${button.dataset.parts})`)] : [];
    const words = button && touched ? meant.flatMap(demo => wordsOf(demo, touched.word)) : [];
    const own = parts.filter(part => followed(part)?.some(demo => meant.includes(demo)) ?? true);
    for (const one of [...own, ...words, ...(button ? [button] : [])]) one.setAttribute("data-touched", "");
    said.textContent = button ? text(words) : hint;
  }
}

/** @param {Element[]} words */
function text(words) {
  const found = [...new Set(words.map(one => one.textContent))];
  return found.length ? `명령에서는 ${found.join(", ")}` : "명령에는 적지 않았어요";
}

/** What stands in a demo's command at an offset; a word has its two ends. @param {Element} demo @param {number} offset */
function atOffset(demo, offset) {
  let end = 0;
  for (const piece of demo.querySelector(".mirror")?.childNodes ?? []) {
    const start = end;
    end += piece.textContent?.length ?? 0;
    if (piece instanceof Element && start <= offset && offset <= end) {
      return { word: piece.className, demos: idsOf(demo) };
    }
  }
  return undefined;
}

/** What the caret is in. */
function atCaret() {
  const field = document.activeElement;
  const demo = field instanceof HTMLTextAreaElement && field.closest("docker-run");
  return demo ? atOffset(demo, field.selectionStart) : undefined;
}

/** What is under the pointer: a word lies under its text field, and in a figure text may lie over a shape.
 * @param {MouseEvent} event */
function atPointer({ target, clientX, clientY }) {
  const words = target instanceof Element && all.find(({ figure }) => figure.contains(target));
  if (!words && !(target instanceof HTMLTextAreaElement && target.closest("docker-run"))) return undefined;
  for (const under of document.elementsFromPoint(clientX, clientY)) {
    const button = words && words.buttons.find(one => one === under || under.matches(one.dataset.parts ?? ""));
    if (words && button) return { word: button.dataset.word ?? "", demos: followed(under) ?? words.demos };
    const demo = !words && under.parentElement?.className === "mirror" && under.closest("docker-run");
    if (demo) return { word: under.className, demos: idsOf(demo) };
  }
  return undefined;
}

const rest = () => light(atCaret() ?? pinned);

/** What a click is meant for: a button, or what is under the pointer; the caret of a text field speaks for itself.
 * @param {MouseEvent} event */
function clicked(event) {
  if (!(event.target instanceof Element)) return undefined;
  const button = /** @type {HTMLElement | null} */ (event.target.closest(".words button"));
  const words = all.find(({ group }) => group.contains(button));
  if (button && words) return { word: button.dataset.word ?? "", demos: words.demos };
  return event.target.matches("textarea") ? undefined : atPointer(event);
}

/** Show on the buttons what is pinned, and say it to who hears the page: not with every movement, only when asked for. */
function tell() {
  for (const { group, demos, buttons, said } of all) {
    const whole = pinned?.demos.join() === demos.join();
    for (const one of buttons) one.ariaPressed = `${whole && one.dataset.word === pinned?.word}`;
    const spoken = group.querySelector("output");
    if (spoken) spoken.textContent = whole ? said.textContent : "";
  }
}

if (all.length) {
  document.addEventListener("selectionchange", rest);
  document.addEventListener("focusout", () => setTimeout(rest));
  // the words are painted anew
  document.addEventListener("input", () => {
    lit = "?";
    rest();
  });
  document.addEventListener("pointermove", event => {
    if (event.pointerType === "mouse") light(atPointer(event) ?? atCaret() ?? pinned);
  });
  document.addEventListener("click", event => {
    const touched = clicked(event);
    pinned = key(touched) === key(pinned) ? undefined : touched;
    light(pinned ?? atCaret());
    tell();
  });
}
