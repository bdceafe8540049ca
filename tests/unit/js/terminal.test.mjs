// What a terminal makes of a text: escapes, carriage returns, what cannot be seen; in linear time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { divided, shaped, written } from "../../../demos/src/docker_run/assets/terminal.js";

const MB = 1_000_000;
/** @param {string} text */
const drawn = text => written(shaped(text));

/** What screen.py is held to as well. @type {[string, string, string][]} */
const CASES = JSON.parse(readFileSync(new URL("../cases/terminal.json", import.meta.url), "utf8"));
for (const [name, given, expected] of CASES) test(name, () => assert.equal(drawn(given), expected));

for (const rest of ["\x1b", "\x1b[", "\x1b[31", "\x1b[?25", "\x1b]0;title", "\x1b]0;title\x1b", "\x1b(", "\r"]) {
  test(`${JSON.stringify(rest)} waits for more`, () => assert.deepEqual(divided(`text${rest}`), ["text", rest]));
}

test("finished sequences do not wait", () => {
  assert.deepEqual(divided("a\x1b[0m"), ["a\x1b[0m", ""]);
  assert.deepEqual(divided("a\x1b]0;t\x07"), ["a\x1b]0;t\x07", ""]);
});

test("a sequence that never ends does not hold the output back for ever", () => {
  const [now, rest] = divided(`\x1b]0;${"x".repeat(MB)}`);
  assert.equal(now.length + rest.length, MB + 4);
  assert.ok(rest.length <= 4096);
});

/** @type {[string, string][]} */
const PATHOLOGICAL = [
  ["escapes", "\x1b".repeat(MB)],
  ["open sequences", "\x1b[".repeat(MB / 2)],
  ["a sequence of parameters", `\x1b[${"1;".repeat(MB / 2)}`],
  ["open titles", "\x1b]0;".repeat(MB / 4)],
  ["a title without an end", `\x1b]${"x".repeat(MB)}`],
  ["carriage returns", "a\r".repeat(MB / 2)],
  ["carriage returns behind a long line", `${"x".repeat(MB / 2)}${"\ra".repeat(MB / 4)}`],
  ["erased lines", "abc\x1b[2K\r".repeat(MB / 8)],
  ["controls", "\x00\u202e".repeat(MB / 2)],
  ["newlines", "\n".repeat(MB)],
];
for (const [name, text] of PATHOLOGICAL) {
  test(`1 MB of ${name} takes linear time`, () => {
    const begun = performance.now();
    const [now] = divided(text);
    drawn(now);
    const took = performance.now() - begun;
    assert.ok(took < 1500, `${took} ms`);
  });
}
