// Shows in one line, once a tab, that the backend runs commands in an emulated virtual machine, and how long one takes.
"use strict";
/** ms for an answer */
const WAIT = 8000;
const KEPT = "docker-run-emulated";

/** @param {number} [ms] what a command takes */
const textOf = ms => "여기서는 흉내 낸 기계에서 명령을 실행해요. " +
  (ms ? `한 번에 ${Math.max(1, Math.round(ms / 100)) / 10}초쯤 걸려요.` : "조금 느려요.");

/** @param {string} text */
function show(text) {
  const note = document.createElement("aside");
  note.className = "emulated";
  note.ariaLabel = "실행하는 곳";
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "닫기";
  close.addEventListener("click", () => note.remove());
  note.append(line, close);
  document.body.append(note);
  // a screen reader reads what changes in a region that is there already
  setTimeout(() => line.textContent = text);
}

// a copy that is opened from disk has no backend
let asked = location.protocol === "file:";

/** @param {string} base */
async function ask(base) {
  if (asked) return;
  asked = true;
  try {
    if (sessionStorage.getItem(KEPT)) return;
    const answer = await fetch(`${base.replace(/\/+$/, "")}/v1/health`, { signal: AbortSignal.timeout(WAIT) });
    const { emulated, run_ms } = await answer.json();
    if (!answer.ok || !emulated) return;
    sessionStorage.setItem(KEPT, "shown");
    show(textOf(run_ms));
  } catch {
    // no backend, or a page that may store nothing: nothing to show
  }
}

const demo = document.querySelector("docker-run");
const declared = document.querySelector('meta[name="docker-run-backend"]')?.getAttribute("content") ?? "";
const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
// The backend that serves the page says so in a Server-Timing header, which browsers show to scripts over HTTPS and on
// loopback; any other backend is asked when it has begun a first run. So no page asks a backend that is not there.
if (demo && visit?.serverTiming?.some(({ name }) => name === "emulated")) addEventListener("load", () => ask(declared));
addEventListener("docker-run:event", ({ target }) => {
  if (target instanceof Element && target.getAttribute("state") !== "replaying") ask(target.getAttribute("backend") ?? declared);
});
