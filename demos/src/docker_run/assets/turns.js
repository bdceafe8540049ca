// Lets a few runs of the page stream at once. Over HTTP/1.1 a browser has six connections to a server, and where streams
// hold all of them, neither Stop nor anything else reaches it. A page with more demos loads it, before the element.

const MOST = 4;
const changes = new EventTarget();
let streaming = 0;
let waiting = 0;

/** Shows a place in line, 1 for the next one. @typedef {{ show(event: { type: "queued", position: number }): void }} Line */

/** Wait until a run may stream, which it does until it is `done`; rejects when `signal` is aborted before that. @param {Promise<unknown> | undefined} done @param {AbortSignal} signal @param {Line} line */
globalThis.dockerRunTurn = async (done, signal, line) => {
  let mine = 0;
  done?.finally(() => {
    streaming -= mine;
    // all that wait look again, in their order, and count themselves anew
    waiting = 0;
    changes.dispatchEvent(new Event("abort"));
  });
  while ((signal.throwIfAborted(), streaming >= MOST)) {
    line.show({ type: "queued", position: ++waiting });
    await new Promise(go => [changes, signal].forEach(on => on.addEventListener("abort", go, { once: true })));
  }
  streaming += mine = 1;
};
