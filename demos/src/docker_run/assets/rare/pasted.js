// Finds the docker command in what a reader pastes: terminal sessions, Markdown, lines that PowerShell or cmd continue.
// sandbox/docker/cli/pasted.py does the same for the API: both are tested on the same cases.

// how prompts end; a Markdown span and a notebook's cell begin alike. Some themes have the sign in front, and folders after it
const PROMPT = String.raw`[^➜❯\n]*[➜❯].*?[ \t]|.*?[$#%>❯➜➤→⟩»›λ▶─!\x60\ue0b0-\ue0bf][ \t\xa0]*`;
// what a list and a shell's history number their lines with
const LISTED = String.raw`[ \t]*(?:(?:[-*+•]|\d+[.)])[ \t]+)?|[ \t]+\d+\*?[ \t]{2}(?:[\d-]{10} [\d:]{8} )?`;
// programs that start others, and variables for them
const BEFORE = String.raw`(?:(?:sudo|time|winpty|nohup|env|exec)[ \t]+(?:-\S{1,40}[ \t]+){0,4}|[A-Za-z_]\w{0,40}=\S{0,80}[ \t]+){0,4}`;
const LINE = String.raw`(?:${LISTED}|(${PROMPT}))(${BEFORE}docker(?:\.exe)?[ \t\xa0])`;
// a # alone is the prompt of root, or begins a comment: it is a prompt where there is no other line
const START = new RegExp(String.raw`^(?![ \t]*#)` + LINE, "m");
const ROOT = new RegExp("^" + LINE, "m");
// up to the end of the line, or of a later one where a quote or a continuation leads there
const COMMAND = /^(?:(?:\\|(?<=[ \t])[`^])[ \t]*\n|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*"|[^\n'"\\])*[^\n]*/;
const FLAT = /('[^']*'?|"(?:[^"\\]|\\[^])*"?|\\\S)|(?<![ \t])[ \t]*(?:(?:\\|(?<=[ \t])[`^])[ \t]*)?\n\s*/g;
const ONE = "한 번에 한 줄만 실행해서 첫 줄만 넣었어요.";
// what a shell writes in front of a continued line
const MORE = /\n(?:(?:d?quote|pipe|cmd\w*)?>{1,2}|More\?) ?/g;

/** A command on one line, but for the lines inside its quotes. @param {string} text */
export const flat = text => text.replace(FLAT, (_, kept) => kept ?? " ");

/** The first docker command in a text, without the prompt in front of it and what is around it, and what to say if another
 * one follows; undefined where there is none. @param {string} pasted @returns {[command: string, said: string] | undefined} */
export function command(pasted) {
  const text = pasted.replace(/\r\n?/g, "\n");
  const found = START.exec(text) ?? ROOT.exec(text);
  if (!found) return undefined;
  const [whole, prompt, docker] = found;
  let rest = text.slice(found.index + whole.length - docker.length);
  if (prompt?.includes("`")) rest = rest.split("`")[0];
  else if (/<[a-z][^<>]*>$/.test(prompt ?? "")) rest = rest.split("</")[0];
  else if (prompt) rest = rest.replace(MORE, "\n");
  const [taken] = /** @type {RegExpExecArray} */ (COMMAND.exec(rest));
  return [flat(taken).trim(), START.test(rest.slice(taken.length)) ? ONE : ""];
}
