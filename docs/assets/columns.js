// Marks a demo whose output is a table of columns, as docker images and ps write it, so that its lines stay whole
// (orientation.css): a table whose rows wrap cannot be read.
"use strict";
/** How much of an output is looked at: the end of it, as far as it has come. */
const LOOK = 2000;
/** The end of what each demo has written. @type {WeakMap<Element, string>} */
const ends = new WeakMap();

/** Whether two lines, one below the other, have two gaps each. @param {string} text */
function tabular(text) {
  const gaps = text.slice(-LOOK).split("\n").map(line => line.match(/\x20{2}\S/g)?.length ?? 0);
  return gaps.some((count, number) => count > 1 && gaps[number + 1] > 1);
}

for (const recorded of document.querySelectorAll("docker-run samp")) {
  if (!tabular(recorded.textContent ?? "")) continue;
  recorded.classList.add("columns");
  // who has no mouse scrolls with the keys
  recorded.setAttribute("tabindex", "0");
  // at the click a run is given the room that its recording needs
  recorded.closest("docker-run")?.setAttribute("columns", "");
}
document.addEventListener("docker-run:event", event => {
  const { target, detail } = /** @type {CustomEvent<{ type: string, text?: string }>} */ (event);
  if (!(target instanceof Element)) return;
  if (detail.type === "accepted") {
    ends.delete(target);
    target.removeAttribute("columns");
  } else if (detail.type === "output") {
    const text = (ends.get(target) ?? "") + detail.text;
    ends.set(target, text.slice(-LOOK));
    if (tabular(text)) target.setAttribute("columns", "");
  }
});
