// What a terminal makes of a text: escapes, carriage returns, what cannot be seen; in linear time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { divided, shaped, written } from "../../../demos/src/docker_run/assets/terminal.js";

const MB = 1_000_000;
/** @param {string} text */
const drawn = text => written(shaped(text));

/** recording/terminal.py is tested on the same. @type {[string, string, string][]} */
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

/** @type {[string, (size: number) => string][]} */
const PATHOLOGICAL = [
  ["escapes", size => "\x1b".repeat(size)],
  ["open sequences", size => "\x1b[".repeat(size / 2)],
  ["a sequence of parameters", size => `\x1b[${"1;".repeat(size / 2)}`],
  ["open titles", size => "\x1b]0;".repeat(size / 4)],
  ["a title without an end", size => `\x1b]${"x".repeat(size)}`],
  ["carriage returns", size => "a\r".repeat(size / 2)],
  ["carriage returns behind a long line", size => `${"x".repeat(size / 2)}${"\ra".repeat(size / 4)}`],
  ["erased lines", size => "abc\x1b[2K\r".repeat(size / 8)],
  ["controls", size => "\x00\u202e".repeat(size / 2)],
  ["newlines", size => "\n".repeat(size)],
];

const PARTS = 16;

/**
 * The milliseconds that it takes to draw a text so many times.
 * @param {string} text
 * @param {number} count
 */
function took(text, count) {
  const begun = performance.now();
  for (let number = 0; number < count; number++) drawn(divided(text)[0]);
  return performance.now() - begun;
}

for (const [name, text] of PATHOLOGICAL) {
  test(`1 MB of ${name} takes linear time`, () => {
    const parts = [], wholes = [];
    // in turns, since the machine has other work, too
    for (let count = 0; count < 4; count++) {
      parts.push(took(text(MB / PARTS), PARTS));
      wholes.push(took(text(MB), 1));
    }
    const [part, whole] = [Math.min(...parts), Math.min(...wholes)];
    // as much in parts takes as long; if it were the square, the whole would take 16 times as long
    assert.ok(whole < 5 * part + 20, `${part} ms, ${whole} ms`);
  });
}
