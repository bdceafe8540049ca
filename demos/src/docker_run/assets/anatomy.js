// Tells the parts of a docker command line apart: what docker is to do, its options, the image, the CMD.

const HEAD = /^\s*docker\s+(?:(?:container|image)\s+)?[a-z]+(?=\s|$)/;
// a word as a shell takes it, or what is between two
const PIECE = /\s+|(?:[^\s"'\\]|\\[^]?|"(?:[^"\\]|\\[^])*"?|'[^']*'?)+/g;
// an option after which no word is its value
const ALONE = /=|^-[itdPq]+$|^--(rm|init|interactive|tty|detach|read-only|privileged)$/;

/** The pieces of a line, each with its part: verb, option, image, cmd, or none. @param {string} line @returns {[string, string][]} */
export function anatomy(line) {
  const head = HEAD.exec(line)?.[0];
  // where docker itself would not know what it is to do, nothing is known of the rest
  if (!head) return [["", line]];
  let next = "image";
  let value = false;
  const rest = (line.slice(head.length).match(PIECE) ?? []).map(piece => {
    if (!piece.trim()) return ["", piece];
    const kind = value || (next === "image" && piece[0] === "-") ? "option" : next;
    value = kind === "option" && !value && !ALONE.test(piece);
    if (kind === "image") next = "cmd";
    return [kind, piece];
  });
  return [["verb", head], .../** @type {[string, string][]} */ (rest)];
}
