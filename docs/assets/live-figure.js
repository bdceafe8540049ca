// Moves the figures of a page with the runs of its demos. What a part shows is declared in the SVG:
//   data-demo="id id"   whose runs count, on the part or around it; none: every demo of the page
//   data-on="type type" the events that light the part (data-lit), until the next run of that demo begins
//   data-when="a.b=x; c!=y"  one of these must hold for a field that the event has; text, or JSON for the rest
//   data-slot="a.b"     the field that fills the text; data-words="value=말; …" names its values,
//                       data-max="20" cuts it, data-plain writes a list as words.
// The still picture's own text comes back when a run begins.

/** @typedef {{ type: string, [field: string]: any }} WireEvent */
/** @typedef {HTMLElement | SVGElement} Part */

/** @param {WireEvent} event @param {string} path @returns {any} */
const field = (event, path) => path.split(".").reduce((/** @type {any} */ value, key) => value?.[key], event);
/** @param {unknown} value @returns {string} */
const plain = value => (typeof value === "string" ? value : JSON.stringify(value));
/** @param {string | undefined} text */
const pairs = text => (text ?? "").split(";").flatMap(pair => {
  const found = /^\s*(.+?)(!?=)(.*?)\s*$/.exec(pair);
  return found ? [found] : [];
});

/** @param {Part} part @param {WireEvent} event */
function holds(part, event) {
  const tests = pairs(part.dataset.when);
  return !tests.length || tests.some(([, path, sign, wanted]) => {
    const value = field(event, path);
    return value !== undefined && (plain(value) === wanted) === (sign === "=");
  });
}

/** @param {Part} part @param {unknown} value */
function words(part, value) {
  const named = pairs(part.dataset.words).find(([, key]) => key === plain(value));
  const list = Array.isArray(value) && "plain" in part.dataset ? value.join(" ") : plain(value);
  const text = named ? named[3] : typeof value === "number" ? String(Math.round(value * 10) / 10) : list;
  const most = Number(part.dataset.max) || Infinity;
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

/** @param {Part} part */
function begin(part) {
  delete part.dataset.lit;
  if (part.dataset.still !== undefined) part.textContent = part.dataset.still;
}

/** @param {Part} part @param {WireEvent} event */
function show(part, event) {
  const types = part.dataset.on?.split(" ");
  if ((types && !types.includes(event.type)) || !holds(part, event)) return;
  if (types) part.dataset.lit = event.type;
  const value = part.dataset.slot && field(event, part.dataset.slot);
  if (value === undefined || value === null || value === "") return;
  part.dataset.still ??= part.textContent;
  part.textContent = words(part, value);
}

/** The figure parts that a demo's events move. @param {Element} demo @returns {Part[]} */
function partsOf(demo) {
  /** @type {NodeListOf<Part>} */
  const parts = document.querySelectorAll(".figure :is([data-on], [data-slot])");
  return [...parts].filter(part => {
    const owner = part.closest("[data-demo]");
    return !owner || owner.getAttribute("data-demo")?.split(" ").includes(demo.id);
  });
}

document.addEventListener("docker-run:event", event => {
  const { target, detail } = /** @type {CustomEvent<WireEvent>} */ (event);
  for (const part of target instanceof Element ? partsOf(target) : []) {
    if (detail.type === "accepted") begin(part);
    show(part, detail);
  }
});
