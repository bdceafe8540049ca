// Draws a run's output as a terminal does, once a frame, and only ever as text. What moves the cursor or has colours is
// left to rare/rows.js, and so is what cannot be seen.
import { part, rare } from "./dom.js";
import { texts } from "./strings.js";

// characters that wait to be drawn: as many as are drawn in a short time
const MOST_WAITING = 6e4;
// what the browser lays out together: so many characters, of which a newline is as much work as some
const BLOCK = 4096;
const NEWLINE = 32;
// of these as many as a reader may want, and a browser can lay out anew in each frame
const MOST_BLOCKS = 100;
// ms after which a run is followed to its latest line; a shorter one is read from its first
const LONG = 1000;
// escape sequences, and all that is not simply the next letter: control characters, invisible characters and those that
// turn the text around
const MOVES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*\x07?|[^[\]PX^_])|[^\P{C}\t\n\r]|[\u2028\u2029]|\r(?!\n)/gu;
// BLOCK / NEWLINE of them
const LINES = /^(?:[^\n]*\n){1,128}/;

/** @param {string} text */
const moves = text => text?.search(MOVES) >= 0;

/** Load what a text needs to be drawn, if it needs more than this. @param {string} text */
export const needs = text => (moves(text) ? rare() : undefined);

/** What is left of a text without that. @param {string} text */
export const plain = text => text.replaceAll("\r\n", "\n").replace(MOVES, "");

/** @typedef {import("./rare/rows.js").Rows} Rows */

export class Terminal {
  /** Texts by stream, for the next frame. @type {[string, string[]][]} */
  #waiting = [];
  #size = 0;
  /** Once the cursor has moved. @type {Rows | undefined} */
  #rows;
  /** The last block that no cursor comes to, and its weight; what stands after it is drawn anew. @type {Element | null} */
  #fixed = null;
  #fixedWeight = 0;
  /** Where the output continues, and in which stream and style. @type {Text | null} */
  #tail = null;
  #pen = "";
  #weight = 0;
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
    this.#size = 0;
    this.#rows = undefined;
    this.#fixed = this.#tail = null;
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
    for (const [stream, texts] of waiting) this.#take(stream, texts.join(""));
    if (this.#rows) this.#drawRows(this.#rows, end);
    this.#scroll(end, this.#drop());
  }

  /** @param {string} stream @param {string} text */
  #take(stream, text) {
    const most = MOST_BLOCKS * BLOCK;
    this.#whole &&= text.length <= most;
    const last = text.slice(-most);
    const more = globalThis.dockerRunRare;
    if (!this.#rows && more && moves(last)) this.#begin((this.#rows = new more.Rows()));
    if (this.#rows) this.#rows.write(stream, last);
    else this.#add(stream, plain(last));
  }

  /** Hand the latest lines to the rows, as the cursor may come to them. @param {Rows} rows */
  #begin(rows) {
    const last = this.screen.lastElementChild;
    for (const piece of last?.children ?? []) rows.write(piece.className, piece.textContent ?? "");
    last?.remove();
    this.#weight = Infinity;
    this.#keep();
  }

  /** Note that what is drawn stays. */
  #keep() {
    this.#fixed = this.screen.lastElementChild;
    this.#fixedWeight = this.#weight;
  }

  /** @param {Rows} rows @param {boolean} end */
  #drawRows(rows, end) {
    for (let last; (last = this.screen.lastElementChild) && last !== this.#fixed; ) last.remove();
    this.#weight = this.#fixedWeight;
    this.#tail = null;
    for (const [pen, text] of rows.above()) this.#add(pen, text);
    this.#whole &&= !rows.lost;
    this.#keep();
    // what is drawn anew has blocks of its own
    this.#weight = Infinity;
    for (const [pen, text] of rows.shown(end)) this.#add(pen, text);
  }

  /** Drop the oldest output; returns whether any is gone. */
  #drop() {
    const { screen } = this;
    while (screen.childElementCount > MOST_BLOCKS) {
      this.#whole = false;
      screen.firstChild?.remove();
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

  /** @param {string} pen @param {string} text */
  #add(pen, text) {
    for (let rest = text; rest; ) {
      const now = cut(rest);
      this.#tailOf(pen).appendData(now);
      this.#weight += now.length + NEWLINE * (now.split("\n").length - 1);
      rest = rest.slice(now.length);
    }
  }

  /** The text node to write to; blocks limit what the browser lays out again. @param {string} pen a stream, and a style */
  #tailOf(pen) {
    const tail = this.#tail;
    let block = this.screen.lastElementChild;
    if (!block || this.#weight > (tail?.data.endsWith("\n") ? BLOCK : 2 * BLOCK)) {
      this.screen.append((block = document.createElement("div")));
      this.#weight = 0;
    } else if (tail && pen === this.#pen) return tail;
    this.#pen = pen;
    this.#weight += NEWLINE;
    const [stream, style] = pen.split("|");
    let piece = block.lastElementChild;
    if (piece?.className !== stream) {
      piece = part("span", stream === "stderr" ? { class: stream, role: "group", "aria-label": texts.stderr } : { class: stream });
      block.append(piece);
    }
    const text = (this.#tail = new Text());
    piece.append(style ? part("span", { style }, text) : text);
    return text;
  }
}

/** How much of a text goes into a block at once: whole lines if possible, never half a character. @param {string} text */
function cut(text) {
  const head = text.slice(0, BLOCK);
  return LINES.exec(head)?.[0] ?? (head === text ? text : head.replace(/[\ud800-\udbff]$/, ""));
}
