// Adds to the theme's search field: every kind of input is searched, and a failure is shown.
"use strict";
/** How long the search may be silent, in milliseconds, before the page says so; an answer may still come then. */
const PATIENCE = 5000;
const FAILED = "찾기에 필요한 파일을 받지 못했어요. 연결을 확인하고 다시 입력해 보세요.";
const SILENT = "찾기가 아직 답하지 않아요. 연결을 확인하고, 그대로면 쪽을 새로 고쳐 보세요.";
const field = /** @type {HTMLInputElement | null} */ (document.querySelector('input[name="query"]'));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;
let asked = "";

/** @param {string} text */
function show(text) {
  const line = document.querySelector(".md-search-result__meta");
  if (line) line.textContent = text;
}

// The theme listens only for keys in its search field, but what is pasted, dictated or put in by a phone's keyboard comes
// as `input` alone.
field?.addEventListener("input", () => {
  if (field.value !== asked) {
    // the theme shows nothing at all when it gets no index or its worker does not start
    clearTimeout(silence);
    silence = setTimeout(show, PATIENCE, SILENT);
    asked = field.value;
  }
  field.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
});

// The parts of the theme report here; the search's results carry `failed` from search.js.
/** @type {any} */ (window).component$?.subscribe((/** @type {{ items?: unknown[], failed?: boolean }} */ part) => {
  if (!part.items) return;
  clearTimeout(silence);
  if (part.failed) show(FAILED);
});
