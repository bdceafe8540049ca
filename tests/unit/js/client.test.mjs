// The calls to a backend: what the network does is told apart from what the page does wrong, in older browsers, too.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Client, ServiceError, explained } from "../../../demos/src/docker_run/assets/client.js";
import { events } from "../../../demos/src/docker_run/assets/ndjson.js";

const { fetch } = globalThis;
const { any, timeout } = AbortSignal;
/** @type {string[]} */
let asked = [];
let backends = 0;

/** Let a backend answer, each test one of its own. @param {(path: string) => Response | Promise<Response>} answer */
function serve(answer) {
  asked = [];
  globalThis.fetch = /** @type {typeof fetch} */ (async (url, { method = "GET" } = {}) => {
    const { pathname } = new URL(String(url));
    asked.push(`${method} ${pathname}`);
    return answer(pathname);
  });
  return new Client(`http://backend-${(backends += 1)}/`);
}

afterEach(() => {
  globalThis.fetch = fetch;
  Object.assign(AbortSignal, { any, timeout });
});

/** @param {string} path */
const well = path => (path === "/v1/hosts" ? new Response(JSON.stringify({ host: "a1" })) : new Response('{"type":"heartbeat"}\n'));
const going = () => new AbortController().signal;

/** What a promise is rejected with. @param {Promise<unknown>} promise */
const failure = promise => promise.then(() => assert.fail("it went well"), error => error);

test("a run needs nothing of AbortSignal that is newer than its reason", async () => {
  Object.assign(AbortSignal, { any: undefined, timeout: undefined });
  const body = await serve(well).run("docker run alpine", going());
  for await (const { type } of events(body)) assert.equal(type, "heartbeat");
  assert.deepEqual(asked, ["POST /v1/hosts", "POST /v1/runs"]);
});

test("the second run is on the same Docker host, and after a reset there is a new one", async () => {
  const client = serve(well);
  for (let count = 0; count < 2; count++) await client.run("docker run alpine", going());
  await client.reset();
  await client.run("docker run alpine", going());
  assert.deepEqual(asked.filter(one => /hosts/.test(one)), ["POST /v1/hosts", "DELETE /v1/hosts/a1", "POST /v1/hosts"]);
});

/** @type {[string, (path: string) => Response | Promise<Response>][]} */
const UNREACHED = [
  ["no network", () => Promise.reject(new TypeError("Failed to fetch"))],
  ["a page instead of a host", () => new Response("<h1>hello</h1>", { headers: { "Content-Type": "text/html" } })],
  ["a refusal by a server of pages", () => new Response("<h1>405</h1>", { status: 405 })],
  ["a problem that is cut", () => new Response('{"code":', { status: 503, headers: { "Content-Type": "application/problem+json" } })],
  ["a body that there is none of", path => (path === "/v1/hosts" ? well(path) : new Response(null, { status: 204 }))],
];
for (const [name, answer] of UNREACHED) {
  test(`${name} is no backend`, async () => {
    const error = await failure(serve(answer).run("docker run alpine", going()));
    assert.ok(error instanceof ServiceError, error);
    assert.equal(explained(error), false);
  });
}

test("a stream that breaks is the network's", async () => {
  const broken = new ReadableStream({ pull: controller => controller.error(new TypeError("network error")) });
  const error = await failure(events(broken).next());
  assert.ok(error instanceof ServiceError);
});

test("a fault of the page is its own", async () => {
  const error = await failure(serve(well).run("docker run alpine", /** @type {any} */ (going()), /** @type {any} */ (1n)));
  assert.ok(error instanceof TypeError, error);
});

test("no answer for long is no backend", async () => {
  const client = serve(() => new Promise(() => {}));
  const { setTimeout } = globalThis;
  globalThis.setTimeout = /** @type {any} */ ((/** @type {Function} */ call, /** @type {number} */ _, /** @type {any[]} */ ...given) => void queueMicrotask(() => call(...given)));
  try {
    assert.ok((await failure(client.run("docker run alpine", going()))) instanceof ServiceError);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});
