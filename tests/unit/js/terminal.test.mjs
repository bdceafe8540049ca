// What a terminal makes of a text: escapes, carriage returns, what cannot be seen; in linear time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { divided, shaped, written } from "../../../demos/src/docker_run/assets/terminal.js";

const MB = 1_000_000;
/** @param {string} text */
const drawn = text => written(shaped(text));

/** @type {[string, string, string][]} */
const CASES = [
  ["colours go", "\x1b[1;31mred\x1b[0m text", "red text"],
  ["cursor movements go", "a\x1b[2Ab\x1b[10;20Hc", "abc"],
  ["private modes go", "\x1b[?25lx\x1b[?25h", "x"],
  ["a window title ended by BEL goes", "\x1b]0;title\x07text", "text"],
  ["a link ended by ST goes, its text stays", "\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\", "here"],
  ["a device control string goes", "\x1bPq#0\x1b\\x", "x"],
  ["character sets and saved cursors go", "\x1b(B\x1b7a\x1b8\x1b=\x1b>", "a"],
  ["markup is text", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ["a lone escape is made visible", "a\x1b", "a␛"],
  ["an escape that no sequence follows is made visible", "a\x1b\x01b", "a␛␁b"],
  ["controls are made visible", "a\x00b\x07c\x08d", "a␀b␇c␈d"],
  ["delete and C1 controls are named", "a\x7fb\x9bc", "a⟨U+007F⟩b⟨U+009B⟩c"],
  ["what turns the text around is named", "user\u202eexe\u2066x\u2069\u200f", "user⟨U+202E⟩exe⟨U+2066⟩x⟨U+2069⟩⟨U+200F⟩"],
  ["what has no width is named", "a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩"],
  ["tabs and newlines stay", "a\tb\nc", "a\tb\nc"],
  ["Korean, emoji and joined emoji stay", "한글 🐳 👩‍💻", "한글 🐳 👩‍💻"],
  ["a carriage return writes over the line", "10%\r20%\r100%", "100%"],
  ["what is longer shows beyond", "hello\rJ", "Jello"],
  ["only the last line is written over", "one\ntwo\rT", "one\nTwo"],
  ["a carriage return before a newline is nothing", "a\r\nb\r\n", "a\nb\n"],
  ["the rest of the line is erased when asked", "Downloading 100%\r\x1b[KDone", "Done"],
  ["the whole line is erased when asked", "Downloading\x1b[2K\rDone", "Done"],
];
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
