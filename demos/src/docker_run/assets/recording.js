// A recorded run, read out of the page and played again at its own pace.

// s that nothing happens
const LONGEST_GAP = 2;

/** @param {Element} element @returns {Recording | undefined} */
export function recordingIn(element) {
  const lines = element.querySelector("script")?.textContent.trim().split("\n").map(line => JSON.parse(line));
  return lines && { ...lines[0], events: lines.slice(1) };
}

/** The events, each when it is its turn. @param {WireEvent[]} events @param {AbortSignal} signal */
export async function* replayed(events, signal) {
  let last = 0;
  for (const event of events) {
    const gap = Math.min(event.at - last, LONGEST_GAP) * 1000;
    last = event.at;
    // the browser rounds up to 4 ms, which would add up
    if (gap > 3) await passed(gap, signal);
    yield event;
  }
}

/** @param {number} ms @param {AbortSignal} signal */
const passed = (ms, signal) => new Promise((done, failed) => {
  setTimeout(done, ms);
  signal.addEventListener("abort", () => failed(signal.reason), { once: true });
  signal.throwIfAborted();
});
