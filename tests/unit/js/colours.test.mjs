// The colours of a program: what its sequences ask for, in colours that can be read on both papers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, cssOf, indexed, readable, styled } from "../../../demos/src/docker_run/assets/rare/colours.js";
import { Rows } from "../../../demos/src/docker_run/assets/rare/rows.js";

// the site's papers, and those of the element alone
const LIGHT = [[245, 243, 236], [245, 245, 242], [255, 255, 255]];
const DARK = [[31, 35, 43], [22, 25, 31], [0, 0, 0]];
const LEAST = 4.5;

/** The styles after sequences, in their order. @param {string[]} parameters */
const after = (...parameters) => parameters.reduce(styled, {});

/** The colours in a style's CSS. @param {string} css */
const coloursIn = css => [...css.matchAll(/rgb\((\d+) (\d+) (\d+)\)/g)].map(found => found.slice(1).map(Number));

test("the first 256 colours are those of xterm", () => {
  const hex = [0, 1, 8, 15, 16, 21, 46, 196, 231, 232, 244, 255].map(number => indexed(number)?.map(value => value.toString(16).padStart(2, "0")).join(""));
  assert.deepEqual(hex, ["000000", "cd0000", "7f7f7f", "ffffff", "000000", "0000ff", "00ff00", "ff0000", "ffffff", "080808", "808080", "eeeeee"]);
  for (const number of [-1, 256, NaN]) assert.equal(indexed(number), undefined);
});

test("each of the 256 can be read on light and on dark paper", () => {
  for (let number = 0; number < 256; number++) {
    const [light, dark] = coloursIn(cssOf(after(`38;5;${number}`)));
    for (const paper of LIGHT) assert.ok(contrast(light, paper) >= LEAST, `${number} on ${paper}: ${light}`);
    for (const paper of DARK) assert.ok(contrast(dark, paper) >= LEAST, `${number} on ${paper}: ${dark}`);
  }
});

test("each can be read on each of the first 16, and so can what has no colour", () => {
  for (let paper = 0; paper < 16; paper++) {
    for (const text of ["", ...Array(16).keys()].map(number => (number === "" ? "39" : `38;5;${number}`))) {
      const [front, back] = coloursIn(cssOf(after(`${text};48;5;${paper}`)));
      assert.deepEqual(back, indexed(paper));
      assert.ok(contrast(front, back) >= LEAST, `${text} on ${paper}`);
    }
  }
});

test("a colour that can be read is itself", () => {
  assert.deepEqual(readable([160, 0, 0], [255, 255, 255]), [160, 0, 0]);
  assert.deepEqual(cssOf(after("38;2;160;0;0")).startsWith("color:light-dark(rgb(160 0 0),"), true);
});

test("red is reddish on both papers", () => {
  for (const [red, green, blue] of coloursIn(cssOf(after("31")))) assert.ok(red > green + 60 && red > blue + 60);
});

test("the forms of a colour are the same", () => {
  assert.deepEqual(after("31"), after("38;5;1"));
  assert.deepEqual(after("91"), after("38;5;9"));
  assert.deepEqual(after("101"), after("48:5:9"));
  assert.deepEqual(after("38;2;1;2;3"), after("38:2::1:2:3"));
  assert.deepEqual(after("38;2;1;2;3;1"), { text: [1, 2, 3], bold: true });
});

test("weights and lines are put on and taken off", () => {
  assert.equal(cssOf(after("1;3;4;9")), "font-weight:700;font-style:italic;text-decoration:underline line-through");
  assert.equal(cssOf(after("1;3;4;9", "22;23;24;29")), "");
  assert.equal(cssOf(after("4:3")), "text-decoration:underline");
  assert.equal(cssOf(after("4", "4:0")), "");
  for (const reset of ["", "0", "0;0"]) assert.equal(cssOf(after("1;31;44;7", reset)), "");
  assert.equal(cssOf(after("31;44", "39;49")), "");
});

test("inverse changes text and paper", () => {
  assert.equal(cssOf(after("7")), "color:var(--paper-);background:var(--ink-)");
  assert.deepEqual(coloursIn(cssOf(after("31;7")))[1], indexed(1));
  assert.deepEqual(cssOf(after("7", "27")), "");
  const [onLight, onDark] = coloursIn(cssOf(after("7;41")));
  assert.ok(contrast(onLight, [35, 38, 43]) >= LEAST && contrast(onDark, [228, 230, 234]) >= LEAST);
});

test("what nobody knows changes nothing", () => {
  for (const odd of ["5", "38", "38;5", "38;9;1", "999", ":", "58;5;1"]) assert.doesNotMatch(cssOf(after("1", odd)), /rgb/, odd);
  assert.equal(cssOf(after("58;2;1;2;3;1")), "font-weight:700");
});

test("the pieces of a row have their styles, and another stream has none of them", () => {
  const rows = new Rows();
  rows.write("stdout", "a\x1b[1mb\x1b[mc\n");
  rows.write("stderr", "\x1b[1md");
  assert.deepEqual(rows.shown(false), [["stdout", "a"], ["stdout|font-weight:700", "b"], ["stdout", "c\n"], ["stderr|font-weight:700", "d"]]);
});

test("of very many pieces the last have no style", () => {
  const rows = new Rows();
  rows.write("stdout", "\x1b[31mx\x1b[32my".repeat(20_000));
  assert.ok(rows.above().length <= 2001);
  assert.ok(rows.shown(true).length <= 2001);
});
