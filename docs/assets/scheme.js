// Lets the theme's button have two states. The theme keeps the colours of a first visit as if the reader had chosen them;
// here the system is followed until the button is pressed, and from then on the reader.
"use strict";
const KEPT = "docker-run-scheme";
const form = document.querySelector('[data-md-component="palette"]');
const dark = matchMedia("(prefers-color-scheme: dark)");
/** What the reader has chosen, here or, where nothing may be stored, on this page alone. @type {string | null} */
let chosen = null;
let following = false;

/** @param {(storage: Storage) => void} act */
function stored(act) {
  try {
    act(localStorage);
  } catch {
    // a page that may store nothing
  }
}

/** Show the colours that the reader has chosen, or else the system's. */
function follow() {
  stored(storage => (chosen = storage.getItem(KEPT) ?? chosen));
  const scheme = chosen ?? (dark.matches ? "slate" : "default");
  const option = /** @type {HTMLInputElement | null | undefined} */ (form?.querySelector(`[data-md-color-scheme="${scheme}"]`));
  // each change has every style of the page worked out anew, several times
  if (option && document.body.dataset.mdColorScheme !== scheme) {
    following = option.checked = true;
    option.dispatchEvent(new Event("change", { bubbles: true }));
    following = false;
  }
  if (!chosen) stored(storage => storage.removeItem(`${/** @type {any} */ (window).__md_scope.pathname}.__palette`));
}

form?.addEventListener("change", ({ target }) => {
  if (following || !(target instanceof HTMLElement)) return;
  chosen = target.dataset.mdColorScheme ?? null;
  stored(storage => storage.setItem(KEPT, chosen ?? ""));
});
addEventListener("load", follow);
// after the theme, which goes back to the colours that the page began with
dark.addEventListener("change", () => setTimeout(follow));
