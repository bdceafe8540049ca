// Says of the scripts that are named, two by two, whether both are made of the same words, comments and layout aside: a line
// for each two, with what differs between them or nothing, in JSON.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import ts from "typescript";

/** Each leaf of the syntax tree, as it is written. @param {string} file */
function words(file) {
  const source = ts.createSourceFile("x.js", readFileSync(file, "utf8"), ts.ScriptTarget.ESNext, true);
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = node => {
    if (node.kind === ts.SyntaxKind.JSDoc || node.kind === ts.SyntaxKind.SemicolonToken) return;
    const parts = node.getChildren(source);
    if (!parts.length) found.push(node.getText(source));
    for (const one of parts) visit(one);
  };
  visit(source);
  return found.filter(Boolean);
}

/** @param {string} one @param {string} other */
function difference(one, other) {
  try {
    assert.deepEqual(words(other), words(one));
    return "";
  } catch (error) {
    return String(error);
  }
}

const files = process.argv.slice(2);
for (let at = 0; at < files.length; at += 2) console.log(JSON.stringify(difference(files[at], files[at + 1])));
