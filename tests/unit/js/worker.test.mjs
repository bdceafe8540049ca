// The notebook's thread counts what is fetched while Python loads, and only then.
import assert from "node:assert/strict";
import { test } from "node:test";

test("the browser's own fetch is back when Python could not be loaded", async () => {
  /** @type {{ type: string }[]} */
  const said = [];
  /** @type {(event: { data: object }) => Promise<void>} */
  let hear = async () => {};
  const { fetch } = globalThis;
  Object.assign(globalThis, {
    self: globalThis,
    postMessage: (/** @type {{ type: string }} */ message) => said.push(message),
    addEventListener: (/** @type {string} */ _, /** @type {typeof hear} */ heard) => void (hear = heard),
  });
  await import("../../../demos/src/notebook_run/assets/worker.js");
  assert.notEqual(globalThis.fetch, fetch);
  await hear({ data: { wheels: [] } }); // beside its source there is no Python
  assert.deepEqual(said.map(one => one.type), ["broken"]);
  assert.equal(globalThis.fetch, fetch);
});
