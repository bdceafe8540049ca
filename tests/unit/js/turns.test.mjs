// Runs of one page take turns: four stream at once, the others know their places, and who leaves the line is not missed.
import assert from "node:assert/strict";
import { test } from "node:test";
import "../../../demos/src/docker_run/assets/turns.js";

const turn = /** @type {NonNullable<typeof dockerRunTurn>} */ (globalThis.dockerRunTurn);
const settle = () => new Promise(done => setTimeout(done));

/** A run of the page, which streams until `end`. */
function demo() {
  const controller = new AbortController();
  const one = { state: "", places: /** @type {number[]} */ ([]), end: (/** @type {unknown} */ _) => {}, leave: () => controller.abort(new Error("left")) };
  const streamed = new Promise((end, fail) => (one.end = error => (error ? fail(error) : end(undefined))));
  const done = settle().then(async () => {
    await turn(done, controller.signal, { show: ({ position }) => one.places.push(position) });
    one.state = "streaming";
    await streamed;
  }).then(
    () => (one.state = "ended"),
    error => (one.state = error.message),
  );
  return one;
}

test("four stream at once and the others move up as turns become free", async () => {
  const all = Array.from({ length: 7 }, demo);
  await settle();
  assert.deepEqual(all.map(one => one.state), [...Array(4).fill("streaming"), "", "", ""]);
  assert.deepEqual(all.map(one => one.places.at(-1)), [...Array(4).fill(undefined), 1, 2, 3]);
  all[5].leave();
  all[2].end(new Error("cut off"));
  await settle();
  assert.deepEqual(all.slice(2, 7).map(one => one.state), ["cut off", "streaming", "streaming", "left", ""]);
  assert.equal(all[6].places.at(-1), 1);
  for (const one of all) one.end(undefined);
  await settle();
  all[6].end(undefined);
  await settle();
  assert.deepEqual(all.map(one => one.state), ["ended", "ended", "cut off", "ended", "ended", "left", "ended"]);
});

test("turns that were given back are there again, and one that leaves while it streams leaves no line", async () => {
  const all = Array.from({ length: 4 }, demo);
  await settle();
  assert.deepEqual(all.map(one => one.state), Array(4).fill("streaming"));
  all[0].leave();
  all[0].end(new Error("left"));
  const next = demo();
  await settle();
  assert.deepEqual([all[0].state, next.state, next.places], ["left", "streaming", []]);
  for (const one of [...all, next]) one.end(undefined);
});

test("who has left before the turn is not begun", async () => {
  const left = AbortSignal.abort(new Error("left"));
  await assert.rejects(turn(Promise.resolve(), left, { show: () => assert.fail() }), /left/);
});
