import assert from "node:assert/strict";
import { test } from "node:test";
import { coloured } from "../../../demos/src/notebook_run/assets/highlight.js";

/** What the page would hold: each part's class and text. @param {string} source */
function parts(source) {
  const before = globalThis.document;
  // @ts-expect-error -- as much of a document as the module needs
  globalThis.document = { createElement: () => ({}) };
  try {
    return coloured(source).map((/** @type {any} */ part) => (typeof part === "string" ? ["", part] : [part.className, part.textContent]));
  } finally {
    globalThis.document = before;
  }
}

/** @param {string} source */
const kinds = source => parts(source).filter(([kind]) => kind);

for (const source of ["", "x = 1\n", "'''open\nstring", "f(\"a # b\", 'it\\'s') # 말\n\n", '"""a"""', "def f(x):\n  return x ** 2", "'unclosed\nx"]) {
  test(`nothing of the code is lost or added: ${JSON.stringify(source)}`, () => {
    assert.equal(parts(source).map(([, text]) => text).join(""), source);
  });
}

test("keywords, strings, numbers and comments have the classes of the page's other code", () => {
  assert.deepEqual(kinds("return 'a' + 31 # 끝"), [["k", "return"], ["s", "'a'"], ["o", "+"], ["mi", "31"], ["c1", "# 끝"]]);
});

test("a word that begins as a keyword is none", () => {
  assert.deepEqual(kinds("format classes"), []);
});

test("a hash in a string is no comment, and an escaped quote does not end it", () => {
  assert.deepEqual(kinds(String.raw`"# \" x"`), [["s", String.raw`"# \" x"`]]);
});
