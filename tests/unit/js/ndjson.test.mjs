// The decoder of the stream: whatever the network cuts, the events are the same, and they are the backend's own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { events } from "../../../demos/src/docker_run/assets/ndjson.js";

const golden = readFileSync(new URL("../cases/events.ndjson", import.meta.url));
const expected = golden.toString().trimEnd().split("\n").map(line => JSON.parse(line));

/** @param {(Uint8Array | string)[]} chunks */
function bodyOf(...chunks) {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      controller.close();
    },
  });
}

/** @param {ReadableStream<Uint8Array>} body */
async function all(body) {
  const found = [];
  for await (const event of events(body)) found.push(event);
  return found;
}

test("the golden lines arrive whole in one chunk", async () => {
  assert.deepEqual(await all(bodyOf(golden)), expected);
});

for (const size of [1, 2, 3, 7, 64]) {
  test(`chunks of ${size} bytes, which split lines and characters, change nothing`, async () => {
    const chunks = [];
    for (let at = 0; at < golden.length; at += size) chunks.push(golden.subarray(at, at + size));
    assert.deepEqual(await all(bodyOf(...chunks)), expected);
  });
}

test("a line that is no event is left out and the next one is not", async () => {
  const lines = ["not json", "", "[]", "null", "7", '"text"', '{"at":1}', '{"type":7}', '{"type":"heartbeat"}', ""];
  assert.deepEqual(await all(bodyOf(lines.join("\n"))), [{ type: "heartbeat" }]);
});

test("an unknown type is passed on", async () => {
  assert.deepEqual(await all(bodyOf('{"type":"from-the-future","x":1}\n')), [{ type: "from-the-future", x: 1 }]);
});

test("a last line without its newline counts when it is whole, and is left out when it was cut", async () => {
  assert.deepEqual(await all(bodyOf('{"type":"a"}\n{"type":"b"}')), [{ type: "a" }, { type: "b" }]);
  assert.deepEqual(await all(bodyOf('{"type":"a"}\n{"type":"b')), [{ type: "a" }]);
});

test("an event is there before the next one has come", async () => {
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  let stream;
  const found = events(new ReadableStream({ start: controller => void (stream = controller) }));
  stream?.enqueue(Buffer.from('{"type":"a"}\n{"ty'));
  assert.deepEqual((await found.next()).value, { type: "a" });
  stream?.enqueue(Buffer.from('pe":"b"}\n'));
  assert.deepEqual((await found.next()).value, { type: "b" });
});

test("who stops listening ends the stream", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    pull: controller => controller.enqueue(Buffer.from('{"type":"a"}\n')),
    cancel: () => void (cancelled = true),
  });
  for await (const event of events(body)) if (event) break;
  assert.equal(cancelled, true);
});

test("a line without an end is given up, not collected", async () => {
  const endless = new ReadableStream({ pull: controller => controller.enqueue(Buffer.alloc(1_000_000, "x")) });
  await assert.rejects(all(endless), RangeError);
});
