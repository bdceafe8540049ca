// Moves the figures of a page with the runs of its demos. What a part shows is declared in the SVG:
//   data-demo="id id"   whose runs count, on the part or around it; none: every demo of the page. Isolations that are compared
//                       are a demo each (id, id-gvisor, id-vm), and parts of one figure may follow different ones.
//   data-on="type type" the events that light the part (data-lit), until the next run of that demo begins
//   data-when="a.b=x; c!=y"  one of these must hold for a field that the event has; text, or JSON for the rest
//   data-slot="a.b c"   the field that fills the text, the first of these that the event has; data-names="value=말; …"
//                       replaces its values, data-max="20" cuts it, data-plain writes a list without JSON, and
//                       data-unit="bytes" or "ms" says what a number counts.
// The still picture's own text comes back when a run begins; from then on its parts carry data-begun, so that what is
// yet to happen looks otherwise than what has (figures.css: waits, moves), and those of the latest run data-latest.
// A demo that shows no run any more (its frame is at rest) leaves the still picture; the figure is told with figure:still.
// A figure that is not on the screen shows nothing until it is: what a run has told it waits, and of each demo only the last
// run. The link to it at the demo carries data-waits as long.

/** @typedef {{ type: string, [field: string]: any }} WireEvent */
/** @typedef {HTMLElement | SVGElement} Part */

// a run is over in a few milliseconds, and what moves takes its time (figures.css)
const PAUSE = 400;
/** The units in which a number is written, the largest first. @type {Record<string, [size: number, name: string][]>} */
const UNITS = { bytes: [[1e6, " MB"], [1e3, " kB"]], ms: [[1e3, "초"], [1, " ms"]] };
const MOVING = ".waits, .moves";
const still = matchMedia("(prefers-reduced-motion: reduce)");
const paper = matchMedia("print");
/** How much of a figure, or of the screen where that is less, has to be seen: half of one that stands beside its demos
 * (stage.css), as it comes no nearer; of another, to which a link leads, nearly all. */
const enough = () => (matchMedia("(min-width: 76.25em)").matches ? 0.5 : 0.8);
/** A run's events that a figure has not shown yet; `resting` until what has moved is seen.
 * @typedef {{ events: WireEvent[], resting: boolean }} Queue */
/** The figures that runs move, each with its queues by demo. @type {Map<Element, Map<Element, Queue>>} */
const figures = new Map();
/** The demos whose line makes no container and no image, and so moves nothing. @type {WeakSet<Element>} */
const idle = new WeakSet();
/** The figures that are on the screen. @type {Set<Element>} */
const seen = new Set();

/** @param {WireEvent} event @param {string} path @returns {any} */
const field = (event, path) => path.split(".").reduce((/** @type {any} */ value, key) => value?.[key], event);
/** @param {unknown} value */
const present = value => value !== undefined && value !== null && value !== "";
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

/** @param {number} value @param {string} [unit] */
function amount(value, unit) {
  const units = UNITS[unit ?? ""] ?? [[1, ""]];
  const [size, name] = units.find(([size]) => value >= size) ?? units[units.length - 1];
  return Math.round((value / size) * 10) / 10 + name;
}

/** @param {Part} part @param {unknown} value */
function text(part, value) {
  const named = pairs(part.dataset.names).find(([, key]) => key === plain(value));
  const list = Array.isArray(value) && "plain" in part.dataset ? value.join(" ") : plain(value);
  const whole = named ? named[3] : typeof value === "number" ? amount(value, part.dataset.unit) : list;
  const most = Number(part.dataset.max) || Infinity;
  return whole.length > most ? whole.slice(0, most - 1) + "…" : whole;
}

/** What the same runs move as a part. @param {Part} part */
const wholeOf = part => /** @type {Part | null} */ (part.closest("[data-demo]") ?? part.closest("svg"));

/** @param {Part} part */
function begin(part) {
  const whole = wholeOf(part);
  if (whole) whole.dataset.begun = whole.dataset.latest = "";
  delete part.dataset.lit;
  if (part.dataset.still !== undefined) part.textContent = part.dataset.still;
}

/** Show an event on a part; returns whether the part moved. @param {Part} part @param {WireEvent} event */
function show(part, event) {
  const types = part.dataset.on?.split(" ");
  if ((types && !types.includes(event.type)) || !holds(part, event)) return false;
  const moved = !part.dataset.lit && part.matches(MOVING);
  if (types) part.dataset.lit = event.type;
  const value = part.dataset.slot?.split(" ").map(path => field(event, path)).find(present);
  if (present(value)) {
    part.dataset.still ??= part.textContent;
    part.textContent = text(part, value);
  }
  return moved;
}

/** The parts of a figure that a demo's events move. @param {Element} figure @param {Element} demo @returns {Part[]} */
function partsOf(figure, demo) {
  /** @type {NodeListOf<Part>} */
  const parts = figure.querySelectorAll(":is([data-on], [data-slot])");
  return [...parts].filter(part => {
    const owner = part.closest("[data-demo]");
    return !owner || owner.getAttribute("data-demo")?.split(" ").includes(demo.id);
  });
}

/** Show events until a part moves, then let the reader see that before the rest.
 * @param {Element} figure @param {Element} demo @param {Queue} queue */
function play(figure, demo, queue) {
  const parts = partsOf(figure, demo);
  const queues = figures.get(figure);
  const visible = () => !observer || paper.matches || seen.has(figure);
  while (queue.events.length && !queue.resting && visible()) {
    const event = /** @type {WireEvent} */ (queue.events.shift());
    const first = event.type === "accepted";
    if (first) {
      figure.querySelectorAll("[data-latest]").forEach(one => one.removeAttribute("data-latest"));
      parts.forEach(begin);
    }
    const moved = parts.map(part => show(part, event)).includes(true);
    queue.resting = (moved || (first && parts.some(part => part.matches(MOVING)))) && !still.matches && !paper.matches;
    if (queue.resting) setTimeout(rested, PAUSE, figure, demo, queue);
  }
  if (!queue.events.length && !queue.resting) queues?.delete(demo);
  const links = document.querySelectorAll(`.to-figure [data-from~="${demo.id}"][href="#${figure.parentElement?.id}"]`);
  for (const link of links) link.toggleAttribute("data-waits", !visible() && queue.events.length > 0);
}

/** Show the still picture again, as the demo shows nothing of a run. @param {Element} figure @param {Element} demo */
function undo(figure, demo) {
  const parts = partsOf(figure, demo);
  if (!parts.length) return;
  // nothing waits any more
  play(figure, demo, { events: [], resting: false });
  parts.forEach(begin);
  for (const whole of parts.map(wholeOf)) for (const name of ["data-begun", "data-latest"]) whole?.removeAttribute(name);
  figure.dispatchEvent(new Event("figure:still"));
}

/** Go on, unless another run has begun. @param {Element} figure @param {Element} demo @param {Queue} queue */
function rested(figure, demo, queue) {
  queue.resting = false;
  if (figures.get(figure)?.get(demo) === queue) play(figure, demo, queue);
}

/** Show what waits. @param {Element} figure */
const playAll = figure => figures.get(figure)?.forEach((queue, demo) => play(figure, demo, queue));

/** @param {IntersectionObserverEntry[]} entries */
function look(entries) {
  for (const { target, boundingClientRect, intersectionRect, rootBounds } of entries) {
    const most = Math.min(boundingClientRect.height, rootBounds?.height ?? innerHeight);
    if (intersectionRect.height < most * enough()) seen.delete(target);
    else {
      seen.add(target);
      playAll(target);
    }
  }
}

// the head of the page covers the rest; of a figure higher than the screen every twentieth may be the one that is enough
const OPTIONS = { rootMargin: "-48px 0px 0px", threshold: Array.from({ length: 21 }, (_, step) => step / 20) };
const observer = globalThis.IntersectionObserver && new IntersectionObserver(look, OPTIONS);
for (const figure of document.querySelectorAll(".figure > svg")) {
  if (!figure.querySelector("[data-on], [data-slot]")) continue;
  figures.set(figure, new Map());
  observer?.observe(figure);
}
// what is printed has come to its end
paper.addEventListener("change", () => {
  for (const [figure, queues] of figures) {
    queues.forEach(queue => (queue.resting &&= !paper.matches));
    playAll(figure);
  }
});

new MutationObserver(changes => {
  for (const { target } of changes) {
    const demo = target instanceof Element && target.hasAttribute("rest") && target.closest("docker-run");
    if (demo) for (const figure of figures.keys()) undo(figure, demo);
  }
}).observe(document.documentElement, { subtree: true, attributeFilter: ["rest"] });

document.addEventListener("docker-run:event", event => {
  const { target, detail } = /** @type {CustomEvent<WireEvent>} */ (event);
  if (!(target instanceof Element)) return;
  if (detail.type === "accepted") idle[["printed", "images"].includes(detail.command?.name) ? "add" : "delete"](target);
  if (idle.has(target)) return;
  for (const [figure, queues] of figures) {
    if (!partsOf(figure, target).length) continue;
    const going = detail.type === "accepted" ? undefined : queues.get(target);
    const queue = going ?? { events: [], resting: false };
    queue.events.push(detail);
    queues.set(target, queue);
    play(figure, target, queue);
  }
});
