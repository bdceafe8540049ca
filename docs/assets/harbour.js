// Keeps the containers of the reader's earlier runs on the ship of the home page. The figure itself shows one run
// (live-figure.js): when the next one begins there, the box of the last one stays, and the crane goes on to the next place.

const HIGH = 3;
const PLACES = 6;
/** @type {SVGElement | null} */
const harbour = document.querySelector("svg.harbour");
/** @type {SVGElement | null | undefined} */
const cargo = harbour?.querySelector(".cargo");
/** A copy of the box of the run that the figure shows, as far as that run has come. @type {SVGElement | undefined} */
let last;
let place = 0;

/** @param {SVGElement} part */
function put(part) {
  part.style.setProperty("--column", `${Math.floor(place / HIGH)}`);
  part.style.setProperty("--row", `${place % HIGH}`);
}

/** @param {SVGElement} ship @param {SVGElement} box */
function keep(ship, box) {
  box.classList.replace("cargo", "kept");
  for (const name of ["data-on", "data-slot"]) {
    // no event is for it any more
    for (const part of [box, ...box.querySelectorAll(`[${name}]`)]) part.removeAttribute(name);
  }
  put(box);
  cargo?.before(box);
  place = (place + 1) % PLACES;
  // a full ship leaves, and an empty one comes
  if (!place) ship.querySelectorAll(".kept").forEach(one => one.remove());
  put(ship);
}

if (harbour && cargo) {
  const watch = new MutationObserver(changes => {
    const before = last;
    last = cargo.dataset.lit ? /** @type {SVGElement} */ (cargo.cloneNode(true)) : undefined;
    // it was lit, and is not any more, or is so anew
    if (before && changes.some(({ target, oldValue }) => target === cargo && oldValue)) keep(harbour, before);
  });
  watch.observe(cargo, { subtree: true, childList: true, attributeFilter: ["data-lit"], attributeOldValue: true });
  // the reader has undone the run, and the Docker host is empty
  harbour.addEventListener("figure:still", () => {
    watch.takeRecords();
    last = undefined;
    place = 0;
    harbour.querySelectorAll(".kept").forEach(one => one.remove());
    put(harbour);
  });
}
