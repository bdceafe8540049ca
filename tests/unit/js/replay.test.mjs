// A recording is replayed at its own pace, and stops when it is aborted.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { recordingIn, replayed } from "../../../demos/src/docker_run/assets/replay.js";

const real = globalThis.setTimeout;
/** What was waited for, in ms; a wait of `held` ms does not end. @type {number[]} */
let waits = [];
let held = -1;

beforeEach(() => {
  waits = [];
  held = -1;
  // @ts-expect-error a clock that runs as fast as it is asked to
  globalThis.setTimeout = (done, ms) => {
    waits.push(Math.round(ms));
    if (Math.round(ms) !== held) queueMicrotask(done);
  };
});
afterEach(() => void (globalThis.setTimeout = real));

/** @param {number[]} at */
const eventsAt = (...at) => at.map(one => ({ type: "output", at: one }));

/** @param {WireEvent[]} events @param {AbortSignal} [signal] */
async function all(events, signal = new AbortController().signal) {
  const found = [];
  for await (const event of replayed(events, signal)) found.push(event);
  return found;
}

test("every event comes, in order and unchanged", async () => {
  const events = eventsAt(0.1, 0.2, 0.2, 1);
  assert.deepEqual(await all(events), events);
});

test("the gaps are those of the run", async () => {
  await all(eventsAt(0.1, 0.25, 1.25));
  assert.deepEqual(waits, [100, 150, 1000]);
});

test("a long silence is cut short, and what comes after keeps its pace", async () => {
  await all(eventsAt(0, 19.5, 20));
  assert.deepEqual(waits, [2000, 500]);
});

test("what came at once comes at once", async () => {
  await all(eventsAt(0.0004, 0.0005, 0.0006));
  assert.deepEqual(waits, []);
});

test("a clock that went back does not wait", async () => {
  await all(eventsAt(5, 1));
  assert.deepEqual(waits, [2000]);
});

test("it stops in the middle of a gap, with the reason", async () => {
  const controller = new AbortController();
  const found = replayed(eventsAt(0.1, 1), controller.signal);
  await found.next();
  held = 900;
  const next = found.next();
  const stopped = new Error("stopped");
  controller.abort(stopped);
  await assert.rejects(next, stopped);
});

test("one that was stopped before goes no further than the next gap", async () => {
  await assert.rejects(all(eventsAt(0, 1), AbortSignal.abort(new Error("stopped"))), /stopped/);
});

test("the recording in the page is read with its header", () => {
  const textContent = '{"command": "docker a", "recorded": "2026-01-31", "engine": "e"}\n{"type":"exited","at":1}\n';
  // @ts-expect-error as much of an element as is needed
  assert.deepEqual(recordingIn({ querySelector: () => ({ textContent }) }), {
    command: "docker a", recorded: "2026-01-31", engine: "e", events: [{ type: "exited", at: 1 }],
  });
  // @ts-expect-error the same
  assert.equal(recordingIn({ querySelector: () => null }), undefined);
});
