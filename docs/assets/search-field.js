// What the theme's search does not hear and does not say.
"use strict";
/** How long the search may be silent, in milliseconds, before the reader is told; an answer is still welcome then. */
const PATIENCE = 5000;
const FAILED = "찾기에 필요한 파일을 받지 못했어요. 연결을 확인하고 다시 입력해 보세요.";
const SILENT = "찾기가 아직 답하지 않아요. 연결을 확인하고, 그대로면 쪽을 새로 고쳐 보세요.";
const field = /** @type {HTMLInputElement | null} */ (document.querySelector('input[name="query"]'));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;
let asked = "";

/** @param {string} text */
function tell(text) {
  const told = document.querySelector(".md-search-result__meta");
  if (told) told.textContent = text;
}

// The theme hears only keys in its search field. What is pasted, dictated or put in by a phone's keyboard comes as
// `input` alone, and what could not be searched looks like what was not found.
field?.addEventListener("input", () => {
  if (field.value !== asked) {
    // the theme says nothing at all when it gets no index or its worker does not start
    clearTimeout(silence);
    silence = setTimeout(tell, PATIENCE, SILENT);
    asked = field.value;
  }
  field.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
});

// What the parts of the theme report; the search's results carry what search.js adds to them.
/** @type {any} */ (window).component$?.subscribe((/** @type {{ items?: unknown[], failed?: boolean }} */ part) => {
  if (!part.items) return;
  clearTimeout(silence);
  if (part.failed) tell(FAILED);
});
