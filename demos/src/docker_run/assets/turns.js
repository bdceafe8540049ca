// Lets a few runs of the page stream at once. Over HTTP/1.1 a browser has six connections to a server, and where streams
// hold all of them, neither Stop nor anything else reaches it.

const MOST = 4;
let streaming = 0;
/** @type {{ begin: () => void, tell: Tell }[]} */
const waiting = [];

/** Learns a place in line, 1 for the next one. @typedef {(position: number) => void} Tell */

const tellAll = () => waiting.forEach(({ tell }, ahead) => tell(ahead + 1));

/** Do `work`, which streams, when its turn comes; rejects when `signal` is aborted before that. @template T @param {() => Promise<T>} work @param {AbortSignal} signal @param {Tell} tell */
export async function inTurn(work, signal, tell) {
  signal.throwIfAborted();
  if (streaming < MOST) streaming++;
  else await turn(signal, tell);
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next.begin();
    else streaming--;
    tellAll();
  }
}

/** Wait for the turn of one that has ended. @param {AbortSignal} signal @param {Tell} tell @returns {Promise<void>} */
function turn(signal, tell) {
  return new Promise((begin, leave) => {
    const one = { begin, tell };
    tell(waiting.push(one));
    signal.addEventListener("abort", () => {
      const at = waiting.indexOf(one);
      if (at < 0) return;
      waiting.splice(at, 1);
      leave(signal.reason);
      tellAll();
    });
  });
}
