// A run's output as a terminal would show it. Text is only ever set as text, once a frame.
import { label } from "./words.js";

const MOST_TEXT = 400_000;
const MOST_WAITING = 1_000_000;
const BLOCK = 4096;
const LONGEST_UNFINISHED = 4096;
// An erased line end is kept as NUL, which no other text holds here.
const ERASE = "\0";
// Escape sequences (CSI; OSC and its like; short ones), control characters, what is invisible or turns the text around.
// A sequence ends at the next ESC at the latest, so the time is linear.
const SPECIAL =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-OQ-WYZ\\`-~])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const UNFINISHED = /(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)|\r)$/;

/** @param {string} found */
function shape(found) {
  if (found.length > 1) return /^\x1b\[[02]?K$/.test(found) ? (found[2] === "2" ? "\r" : "") + ERASE : "";
  const code = found.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Without escape sequences, and with what would be invisible made visible. @param {string} text */
export const shaped = text => text.replace(SPECIAL, shape);

/** A line and what follows: a carriage return leads back to the line's begin, to write over it. @param {string} text */
export function written(text) {
  const whole = text.replaceAll("\r\n", "\n");
  return /[\r\0]/.test(whole) ? whole.split("\n").map(overwritten).join("\n") : whole;
}

/** @param {string} line */
function overwritten(line) {
  let shown = "";
  // the last writing is on top, an earlier one shows only beyond it and before where the line was erased
  for (const part of line.split("\r").reverse()) {
    const text = part.replaceAll(ERASE, "");
    if (text.length > shown.length) shown += text.slice(shown.length);
    if (text !== part) break;
  }
  return shown;
}

/** What can be drawn now, and the unfinished rest that waits for more. @param {string} text */
export function divided(text) {
  const end = text.slice(-LONGEST_UNFINISHED);
  const cut = end.search(UNFINISHED);
  const at = text.length - (cut < 0 ? 0 : end.length - cut);
  return [text.slice(0, at), text.slice(at)];
}

export class Terminal {
  /** @type {[string, string][]} streams and texts for the next frame */
  waiting = [];
  size = 0;
  /** @type {Record<string, string>} */
  rest = {};
  /** Where the output goes on. @type {Text | null} */
  tail = null;
  weight = 0;
  shown = 0;

  /** @param {HTMLElement} screen */
  constructor(screen) {
    this.screen = screen;
  }

  clear() {
    this.waiting = [];
    this.size = this.shown = 0;
    this.rest = {};
    this.tail = null;
    this.screen.replaceChildren();
  }

  /** Add output; it is drawn with the next frame. @param {string} stream @param {string} text */
  write(stream, text) {
    if (!this.size) requestAnimationFrame(() => this.draw());
    this.waiting.push([stream, text]);
    this.size += text.length;
    // a page that is out of sight has no frames
    if (this.size > MOST_WAITING) this.draw();
  }

  /** Draw what waits now; all of it, an unfinished escape too, at the end. */
  draw(end = false) {
    const { screen, waiting } = this;
    this.waiting = [];
    this.size = 0;
    const follows = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 24;
    for (const [stream, text] of joined(waiting)) {
      const [now, rest] = divided((this.rest[stream] ?? "") + text);
      this.rest[stream] = rest;
      this.add(stream, shaped(now));
    }
    if (end) for (const stream in this.rest) this.add(stream, shaped(this.rest[stream].replace("\r", "")));
    for (let first = screen.firstChild; this.shown > MOST_TEXT && first?.nextSibling; first = screen.firstChild) {
      this.shown -= first.textContent?.length ?? 0;
      first.remove();
    }
    if (follows) screen.scrollTop = screen.scrollHeight;
  }

  /** @param {string} stream @param {string} text */
  add(stream, text) {
    let rest = text;
    if (/[\r\0]/.test(text)) {
      const { data } = this.tailOf(stream);
      const line = data.slice(data.lastIndexOf("\n") + 1);
      this.tailOf(stream).deleteData(data.length - line.length, line.length);
      this.shown -= line.length;
      rest = written(line + text);
    }
    while (rest) {
      const now = rest.slice(0, cut(rest));
      this.tailOf(stream).appendData(now);
      this.weight += now.length;
      this.shown += now.length;
      rest = rest.slice(now.length);
    }
  }

  /** The text that `stream` goes on in. Blocks keep small what a browser lays out anew. @param {string} stream */
  tailOf(stream) {
    let block = this.screen.lastElementChild;
    const ended = !this.tail || this.tail.data.endsWith("\n");
    if (!block || this.weight > (ended ? BLOCK : 2 * BLOCK)) {
      this.screen.append((block = document.createElement("div")));
      this.tail = null;
      this.weight = 0;
    }
    if (this.tail?.parentElement?.className === stream) return this.tail;
    const piece = document.createElement("span");
    piece.className = stream;
    if (stream === "stderr") {
      piece.role = "group";
      piece.ariaLabel = label.stderr;
    }
    block.append(piece);
    this.weight += 16;
    return (this.tail = piece.appendChild(new Text()));
  }
}

/** Neighbours of one stream as one. @param {[string, string][]} waiting @returns {[string, string][]} */
function joined(waiting) {
  /** @type {[string, string[]][]} */
  const all = [];
  for (const [stream, text] of waiting) {
    if (all.at(-1)?.[0] !== stream) all.push([stream, []]);
    all.at(-1)?.[1].push(text);
  }
  return all.map(([stream, texts]) => [stream, texts.join("")]);
}

/** How much of a text goes in a block: whole lines if it can be, never half a character. @param {string} text */
function cut(text) {
  if (text.length <= BLOCK) return text.length;
  const end = text.lastIndexOf("\n", BLOCK - 1) + 1 || BLOCK;
  return /[\ud800-\udbff]/.test(text[end - 1]) ? end - 1 : end;
}
