// Draws a run's output as a terminal does, once a frame, and only ever as text.
import { texts } from "./strings.js";

// characters on the screen, and characters that wait to be drawn
const MOST_TEXT = 400_000;
const MOST_WAITING = 1_000_000;
// characters that the browser lays out together
const BLOCK = 4096;
// ms after which a run is followed to its latest line; a shorter one is read from its first
const LONG = 1000;
// escape sequences (CSI; OSC and the like; short ones), control characters, invisible characters and those that turn the text around;
// a sequence ends at the next ESC at the latest, so the time is linear
const SPECIAL =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-OQ-WYZ\\`-~])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const UNFINISHED = /(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)|\r)$/;

/** @param {string} found */
function shape(found) {
  // NUL, which nothing else becomes, marks that the rest of the line is erased
  if (found.length > 1) return /^\x1b\[[02]?K$/.test(found) ? (found[2] === "2" ? "\r\0" : "\0") : "";
  const code = found.charCodeAt(0);
  return code < 32 ? String.fromCharCode(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Remove escape sequences, and replace invisible characters by visible ones. @param {string} text */
export const shaped = text => text.replace(SPECIAL, shape);

/** Let what follows a carriage return overwrite its line. @param {string} text */
export function written(text) {
  const whole = text.replaceAll("\r\n", "\n");
  return /[\r\0]/.test(whole) ? whole.split("\n").map(overwritten).join("\n") : whole;
}

/** @param {string} line */
function overwritten(line) {
  let shown = "";
  // the last writing is on top; an earlier one shows only beyond it, and not where the line was erased
  for (const part of line.split("\r").reverse()) {
    shown += part.replaceAll("\0", "").slice(shown.length);
    if (part.includes("\0")) break;
  }
  return shown;
}

/** Split a text into what can be drawn now and an unfinished sequence at its end. @param {string} text */
export function divided(text) {
  const end = text.slice(-BLOCK);
  const cut = end.search(UNFINISHED);
  const at = text.length - (cut < 0 ? 0 : end.length - cut);
  return [text.slice(0, at), text.slice(at)];
}

export class Terminal {
  /** Texts by stream, for the next frame. @type {[string, string[]][]} */
  #waiting = [];
  #size = 0;
  /** Unfinished sequences by stream. @type {Strings} */
  #rest = {};
  /** Where the output continues. @type {Text | null} */
  #tail = null;
  #weight = 0;
  #shown = 0;
  /** When the first text came, or 0. */
  #begun = 0;
  /** Where this has scrolled the screen to, and whether the reader has scrolled it elsewhere. */
  #top = 0;
  #free = false;
  #whole = true;

  /** @param {HTMLElement} screen */
  constructor(screen) {
    this.screen = screen;
  }

  clear() {
    this.#waiting = [];
    this.#size = this.#shown = 0;
    this.#rest = {};
    this.#tail = null;
    this.#begun = this.#top = 0;
    this.#free = false;
    this.#whole = true;
    this.screen.replaceChildren();
  }

  /** @param {string} stream @param {string} text */
  write(stream, text) {
    this.#begun ||= performance.now();
    if (!this.#size) requestAnimationFrame(() => this.draw());
    if (this.#waiting.at(-1)?.[0] !== stream) this.#waiting.push([stream, []]);
    this.#waiting.at(-1)?.[1].push(text);
    this.#size += text.length;
    // a hidden page gets no frames
    if (this.#size > MOST_WAITING) this.draw();
  }

  /** Draw what waits, at the `end` with what follows an unfinished sequence. */
  draw(end = false) {
    if (!end && !this.#size) return;
    const { scrollTop, scrollHeight, clientHeight } = this.screen;
    if (scrollTop !== this.#top) this.#free = scrollHeight - scrollTop - clientHeight >= 24;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    for (const [stream, texts] of waiting) {
      const [now, rest] = divided((this.#rest[stream] ?? "") + texts.join(""));
      this.#rest[stream] = rest;
      this.#add(stream, shaped(now));
    }
    if (end) for (const stream in this.#rest) this.#add(stream, shaped(this.#rest[stream].replace("\r", "")));
    this.#scroll(end, this.#drop());
  }

  /** Drop the oldest output; returns whether any is gone. */
  #drop() {
    const { screen } = this;
    for (let first = screen.firstChild; this.#shown > MOST_TEXT && first?.nextSibling; first = screen.firstChild) {
      this.#shown -= first.textContent?.length ?? 0;
      this.#whole = false;
      first.remove();
    }
    return !this.#whole;
  }

  /** Follow a long run; show the first line of one that has ended, if it is still there. The reader's own place stays.
   * @param {boolean} end @param {boolean} dropped */
  #scroll(end, dropped) {
    const { screen } = this;
    const follows = dropped || (!end && performance.now() - this.#begun > LONG);
    if (!this.#free) screen.scrollTop = follows ? screen.scrollHeight : end ? 0 : this.#top;
    this.#top = screen.scrollTop;
  }

  /** @param {string} stream @param {string} rest */
  #add(stream, rest) {
    if (/[\r\0]/.test(rest)) {
      const tail = this.#tailOf(stream);
      const line = tail.data.slice(tail.data.lastIndexOf("\n") + 1);
      tail.deleteData(tail.length - line.length, line.length);
      this.#shown -= line.length;
      rest = written(line + rest);
    }
    while (rest) {
      const now = rest.slice(0, cut(rest));
      this.#tailOf(stream).appendData(now);
      this.#weight += now.length;
      this.#shown += now.length;
      rest = rest.slice(now.length);
    }
  }

  /** The text node to write to; blocks limit what the browser lays out again. @param {string} stream */
  #tailOf(stream) {
    const tail = this.#tail;
    let block = this.screen.lastElementChild;
    if (!block || this.#weight > (tail?.data.endsWith("\n") ? BLOCK : 2 * BLOCK)) {
      this.screen.append((block = document.createElement("div")));
      this.#weight = 0;
    } else if (tail?.parentElement?.className === stream) return tail;
    const piece = document.createElement("span");
    piece.className = stream;
    if (stream === "stderr") {
      piece.role = "group";
      piece.ariaLabel = texts.stderr;
    }
    block.append(piece);
    this.#weight += 16;
    return (this.#tail = piece.appendChild(new Text()));
  }
}

/** How much of a text goes into a block: whole lines if possible, never half a character. @param {string} text */
function cut(text) {
  if (text.length <= BLOCK) return text.length;
  const end = text.lastIndexOf("\n", BLOCK - 1) + 1 || BLOCK;
  return /[\ud800-\udbff]/.test(text[end - 1]) ? end - 1 : end;
}
