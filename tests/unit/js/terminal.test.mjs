// What a terminal makes of a text: escapes, carriage returns, cursor moves, what cannot be seen; in linear time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Rows } from "../../../demos/src/docker_run/assets/rare/rows.js";
import { plain } from "../../../demos/src/docker_run/assets/terminal.js";

const MB = 1_000_000;

/** What stands on the screen after these pieces. @param {string[]} pieces */
function drawn(...pieces) {
  const rows = new Rows();
  for (const piece of pieces) rows.write("stdout", piece);
  return [...rows.above(), ...rows.shown(true)].map(([, text]) => text).join("");
}

/** recording/terminal.py is tested on the same. @type {[string, string, string][]} */
const CASES = JSON.parse(readFileSync(new URL("../cases/terminal.json", import.meta.url), "utf8"));
for (const [name, given, expected] of CASES) {
  test(name, () => assert.equal(drawn(given), expected));
  test(`${name}, a character at a time`, () => assert.equal(drawn(...given), expected));
}

for (const rest of ["\x1b", "\x1b[", "\x1b[31", "\x1b[?25", "\x1b]0;title", "\x1b]0;title\x1b", "\x1b("]) {
  test(`${JSON.stringify(rest)} waits for more, and is seen at the end`, () => {
    const rows = new Rows();
    rows.write("stdout", `text${rest}`);
    assert.deepEqual(rows.shown(false), [["stdout", "text"]]);
    assert.match(rows.shown(true)[0][1], /^text␛/);
  });
}

test("a sequence that never ends does not hold the output back for ever", () => {
  const rows = new Rows();
  rows.write("stdout", `\x1b]0;${"x".repeat(MB)}`);
  assert.ok([...rows.above(), ...rows.shown(false)].map(([, text]) => text).join("").length > MB - 5000);
});

test("both streams are one screen, each with its own unfinished sequences", () => {
  const rows = new Rows();
  rows.write("stdout", "out 10%\x1b[");
  rows.write("stderr", "\rerr");
  rows.write("stdout", "1DX\n");
  assert.deepEqual(rows.shown(true), [["stderr", "er"], ["stdout", "X 10%\n"]]);
});

test("rows that no cursor comes back to are given once, and whole", () => {
  const rows = new Rows();
  rows.write("stdout", Array.from({ length: 120 }, (_, at) => `${at}\n`).join(""));
  const above = rows.above().map(([, text]) => text).join("");
  assert.equal(above.split("\n").length - 1, 71);
  assert.deepEqual(rows.above(), []);
  rows.write("stdout", "\x1b[999AX");
  assert.match(rows.shown(false)[0][1], /^X1\n72\n/);
});

test("of rows without end the latest are kept", () => {
  const rows = new Rows();
  rows.write("stdout", "y\n".repeat(100_000));
  assert.equal(rows.lost, true);
  assert.ok(rows.above()[0][1].length < 60_000);
});

test("a line longer than a row stays one line", () => assert.equal(drawn("x".repeat(5000) + "\ny"), "x".repeat(5000) + "\ny"));

test("without the rows nothing of a sequence is seen", () => {
  assert.equal(plain("\x1b[31mred\x1b[0m\r\n10%\r20%\x1b]0;t\x07\u202e"), "red\n10%20%");
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
  ["backspaces", size => "가\b".repeat(size / 2)],
  ["accents", size => `e${"\u0301".repeat(size)}`],
  ["tabs", size => "\t\r".repeat(size / 2)],
  ["erased lines", size => "abc\x1b[2K\r".repeat(size / 8)],
  ["moves far away", size => "\x1b[999C\x1b[999Bx".repeat(size / 13)],
  ["columns put in and taken out", size => "abc\x1b[2D\x1b[9@\x1b[3P\x1b[X".repeat(size / 18)],
  ["colours", size => "\x1b[31mx\x1b[32my".repeat(size / 12)],
  ["controls", size => "\x00\u202e".repeat(size / 2)],
  ["newlines", size => "\n".repeat(size)],
];

const SIZE = MB / 4, PARTS = 16;

/**
 * The milliseconds that it takes to draw a text so many times.
 * @param {string} text
 * @param {number} count
 */
function took(text, count) {
  const begun = performance.now();
  for (let number = 0; number < count; number++) drawn(text);
  return performance.now() - begun;
}

for (const [name, text] of PATHOLOGICAL) {
  test(`a quarter of a MB of ${name} takes linear time`, () => {
    const parts = [], wholes = [];
    // in turns, since the machine has other work, too
    for (let count = 0; count < 3; count++) {
      parts.push(took(text(SIZE / PARTS), PARTS));
      wholes.push(took(text(SIZE), 1));
    }
    const [part, whole] = [Math.min(...parts), Math.min(...wholes)];
    // as much in parts takes as long; if it were the square, the whole would take 16 times as long
    assert.ok(whole < 5 * part + 20, `${part} ms, ${whole} ms`);
  });
}
