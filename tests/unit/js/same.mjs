// Ends with an error unless the two scripts that are named are made of the same words: comments and layout aside.
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

const [one, other] = process.argv.slice(2).map(words);
assert.deepEqual(other, one);
