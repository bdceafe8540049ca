// Reads newline-delimited JSON as events. A chunk may end anywhere, even inside a character.

import { unreached } from "./client.js";

const LONGEST_LINE = 8e6;

/** Yield the events of a stream; a line that is no event is skipped. @param {ReadableStream<Uint8Array>} body */
export async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (let done = false; !done; ) {
      const read = await reader.read().catch(unreached);
      done = read.done;
      rest += decoder.decode(read.value, { stream: !done });
      const lines = rest.split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      if (rest.length > LONGEST_LINE) throw new RangeError("a line without an end");
      for (const line of lines) {
        const event = parsed(line);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} line @returns {WireEvent | null} */
function parsed(line) {
  try {
    const event = JSON.parse(line);
    return typeof event?.type === "string" ? event : null;
  } catch {
    return null;
  }
}
