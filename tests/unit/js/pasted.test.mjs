// What is taken out of a paste; sandbox/docker/cli/pasted.py is tested on the same cases.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { command, flat } from "../../../demos/src/docker_run/assets/rare/pasted.js";

/** @type {[string, string, string | null][]} */
const CASES = JSON.parse(readFileSync(new URL("../cases/pasted.json", import.meta.url), "utf8"));
for (const [name, pasted, taken] of CASES) test(name, () => assert.equal(command(pasted)?.[0] ?? null, taken));

test("that another command follows is said", () => {
  assert.match(command("$ docker run alpine ls\nbin\n$ docker images")?.[1] ?? "", /첫 줄만/);
  assert.match(command("docker pull alpine\ndocker run alpine")?.[1] ?? "", /첫 줄만/);
  assert.equal(command("$ docker run alpine ls\nbin\n$ ls")?.[1], "");
  assert.equal(command("docker run \\\n --rm alpine")?.[1], "");
});

test("newlines outside of quotes become blanks, an open quote keeps its own", () => {
  assert.equal(flat("docker run\n  alpine"), "docker run alpine");
  assert.equal(flat("docker run alpine sh -c 'a\n  b"), "docker run alpine sh -c 'a\n  b");
  assert.equal(flat("docker run alpine ls \\\n"), "docker run alpine ls ");
});

for (const [name, text] of Object.entries({ blanks: " ".repeat(1e5), dollars: "$ ".repeat(5e4), variables: "$a=".repeat(3e4), arrows: "➜ ".repeat(5e4), elements: `${"<a".repeat(5e4)}>docker run`, quotes: `docker run ${"'\"".repeat(5e4)}`, signs: `docker run ${"^  \\ ".repeat(2e4)}` })) {
  test(`100 kB of ${name} take no time`, () => {
    const begun = performance.now();
    command(text);
    flat(text);
    assert.ok(performance.now() - begun < 1000);
  });
}
