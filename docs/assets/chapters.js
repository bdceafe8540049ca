// Keeps in this browser alone which chapters were read, and ticks them in the navigation. A chapter is read when its last
// paragraph, which leads on to the next one, or the page's foot was seen, or when each of its demos was run once. The reader
// is told so on the home page and in the first chapter (hooks/orientation.py).
"use strict";
const KEPT = "docker-run-chapters";
/** Each chapter that was begun, by its path: read, or the demos that were run. @typedef {Record<string, true | string[]>} Chapters */
const PLACES = '.md-nav--primary :is(a[href]:not([href^="#"]), label[for="__toc"].md-nav__link), #order + ol a[href]';

/** What is known of this chapter, where nothing may be stored. @type {Chapters} */
let own = {};
/** @type {Chapters} */
let known = {};
/** @param {string} path */
const folder = path => path.replace(/index\.html$/, "");
const here = folder(location.pathname);
const line = document.querySelector(".chapter");

/** @returns {Chapters} */
function kept() {
  known = own;
  try {
    known = { ...own, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  } catch {
    // a page that may store nothing, or what nobody can read
  }
  return known;
}

/** @param {true | string[]} state */
function keep(state) {
  own = { [here]: state };
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...own }));
  } catch {
    // it is known until the page is left
  }
  show();
}

function tick() {
  const mark = document.createElement("span");
  mark.className = "read";
  mark.role = "img";
  mark.ariaLabel = "읽음";
  mark.textContent = "✓";
  return mark;
}

/** Tick a place, on the line of its last word. @param {Element} place @param {string} path @param {string} [before] */
function mark(place, path, before = "\u00a0") {
  if (known[path] !== true || place.querySelector(".read")) return;
  const end = place.lastChild;
  if (end instanceof Text) end.data = end.data.trimEnd();
  place.append(before, tick());
}

/** Tick what was read, once. */
function show() {
  kept();
  for (const place of document.querySelectorAll(PLACES)) {
    // of a chapter in the navigation its title, behind which the theme has a space
    mark(place.querySelector(".md-typeset") ?? place, place instanceof HTMLAnchorElement ? folder(place.pathname) : here);
  }
  if (line) mark(line, here, " · ");
}

/** @param {string} id of a demo that was run */
function count(id) {
  const before = kept()[here];
  if (before === true) return;
  const run = new Set(Array.isArray(before) ? before : []).add(id);
  const all = [...document.querySelectorAll("docker-run:not([follows])")].every(demo => run.has(demo.id));
  keep(all || [...run]);
}

if (line) {
  document.addEventListener("docker-run:event", event => {
    const { target, detail } = /** @type {CustomEvent<{ type: string }>} */ (event);
    if (detail.type === "exited" && target instanceof Element) count(target.id);
  });
  const ends = [[...document.querySelectorAll(".md-content__inner p")].at(-1), document.querySelector(".md-footer")];
  const watch = new IntersectionObserver(seen => {
    if (!seen.some(one => one.isIntersecting)) return;
    watch.disconnect();
    keep(true);
  });
  for (const end of ends) if (end) watch.observe(end);
}
show();
// another tab has read on, or the page comes back from the browser's memory
addEventListener("storage", show);
addEventListener("pageshow", show);
