// Reads a recorded run out of the page and replays it at its own pace.

// s; a longer time without an event is cut to this
const LONGEST_GAP = 2;

/** @param {Element} element @returns {Recording | undefined} */
export function recordingIn(element) {
  const lines = element.querySelector("script")?.textContent.trim().split("\n").map(line => JSON.parse(line));
  return lines && { ...lines[0], events: lines.slice(1) };
}

/** Yield the events, each at its time. @param {WireEvent[]} events @param {AbortSignal} signal */
export async function* replayed(events, signal) {
  let last = 0;
  for (const event of events) {
    const gap = Math.min(event.at - last, LONGEST_GAP) * 1000;
    last = event.at;
    // browsers round a timeout up to 4 ms, which would add up
    if (gap > 3) await passed(gap, signal);
    yield event;
  }
}

/** Wait, unless the signal aborts. @param {number} ms @param {AbortSignal} signal */
const passed = (ms, signal) => new Promise((done, failed) => {
  setTimeout(done, ms);
  signal.addEventListener("abort", () => failed(signal.reason), { once: true });
  signal.throwIfAborted();
});
