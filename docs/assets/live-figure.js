// Moves the figures of a page with the runs of its demos. What a part shows is declared in the SVG:
//   data-demo="id id"   whose runs count, on the part or around it; none: every demo of the page. Isolations that are compared
//                       are a demo each (id, id-gvisor, id-vm), and parts of one figure may follow different ones.
//   data-on="type type" the events that light the part (data-lit), until the next run of that demo begins
//   data-when="a.b=x; c!=y"  one of these must hold for a field that the event has; text, or JSON for the rest
//   data-slot="a.b c"   the field that fills the text, the first of these that the event has; data-names="value=말; …"
//                       replaces its values, data-max="20" cuts it, data-plain writes a list without JSON, and
//                       data-unit="bytes" or "ms" says what a number counts.
// The still picture's own text comes back when a run begins; from then on its parts carry data-begun, so that what is
// yet to happen looks otherwise than what has (figures.css: waits, moves).

/** @typedef {{ type: string, [field: string]: any }} WireEvent */
/** @typedef {HTMLElement | SVGElement} Part */

// a run is over in a few milliseconds, and what moves takes its time (figures.css)
const PAUSE = 400;
/** The units in which a number is written, the largest first. @type {Record<string, [size: number, name: string][]>} */
const UNITS = { bytes: [[1e6, " MB"], [1e3, " kB"]], ms: [[1e3, "초"], [1, " ms"]] };
const MOVING = ".waits, .moves";
const still = matchMedia("(prefers-reduced-motion: reduce)");
/** Events that are not shown yet, by demo. @type {WeakMap<Element, WireEvent[]>} */
const waiting = new WeakMap();

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

/** @param {Part} part */
function begin(part) {
  const whole = /** @type {Part | null} */ (part.closest("[data-demo]") ?? part.closest("svg"));
  if (whole) whole.dataset.begun = "";
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

/** The figure parts that a demo's events move. @param {Element} demo @returns {Part[]} */
function partsOf(demo) {
  /** @type {NodeListOf<Part>} */
  const parts = document.querySelectorAll(".figure :is([data-on], [data-slot])");
  return [...parts].filter(part => {
    const owner = part.closest("[data-demo]");
    return !owner || owner.getAttribute("data-demo")?.split(" ").includes(demo.id);
  });
}

/** Show events until a part moves, then let the reader see that before the rest.
 * @param {Element} demo @param {WireEvent[]} events */
function play(demo, events) {
  const parts = partsOf(demo);
  for (let event = events.shift(); event; event = events.shift()) {
    const first = event.type === "accepted";
    if (first) parts.forEach(begin);
    const moved = parts.map(part => show(part, /** @type {WireEvent} */ (event))).includes(true);
    if ((moved || (first && parts.some(part => part.matches(MOVING)))) && !still.matches) {
      setTimeout(() => waiting.get(demo) === events && play(demo, events), PAUSE);
      return;
    }
  }
  waiting.delete(demo);
}

document.addEventListener("docker-run:event", event => {
  const { target, detail } = /** @type {CustomEvent<WireEvent>} */ (event);
  if (!(target instanceof Element)) return;
  const queue = detail.type === "accepted" ? undefined : waiting.get(target);
  if (queue) {
    queue.push(detail);
    return;
  }
  const events = [detail];
  waiting.set(target, events);
  play(target, events);
});
