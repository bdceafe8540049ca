// Colours Python with a few patterns, in the classes of the page's other code. Good enough for a cell.
const KEYWORDS =
  "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield";
const TOKENS = new RegExp(
  [
    String.raw`(?<c1>#.*)`,
    String.raw`(?<s>[rbfRBF]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))`,
    String.raw`(?<k>\b(?:${KEYWORDS.replaceAll(" ", "|")})\b)`,
    String.raw`(?<mi>\b\d[\w.]*)`,
    String.raw`(?<o>[-+*/%=<>!&|^~@:]+)`,
  ].join("|"),
  "g",
);

/** The code as text nodes and spans. @param {string} source @returns {(Node | string)[]} */
export function coloured(source) {
  const parts = [];
  let end = 0;
  for (const found of source.matchAll(TOKENS)) {
    const [kind, text] = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined) ?? ["", found[0]];
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = text;
    parts.push(source.slice(end, found.index), span);
    end = found.index + text.length;
  }
  return [...parts, source.slice(end)];
}
