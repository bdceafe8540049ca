// What a terminal makes of a program's output: rows of cells that carriage returns, backspaces and cursor moves lead back to.
// Those of programs that take the whole screen are left out: what such a program draws stands one below the other.
// recording/terminal.py does the same without colours: both are tested on the same cases.
import { UNSEEN, named } from "./shape.js";
import { cssOf, styled } from "./colours.js";

// rows that a cursor can come back to, and columns until a row is continued on the next
const HEIGHT = 50;
const WIDTH = 1000;
const TAB = 8;
// rows and pieces of other colours that are drawn at once
const MOST_ABOVE = 12_800;
const MOST_PIECES = 2000;
// escape sequences (CSI; OSC and the like; short ones), controls, or a text; a sequence ends at the next ESC at the
// latest, so the time is linear
const TOKEN = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*([0-OQ-WYZ\\`-~])|[\x00-\x1f]|[^\x00-\x1f]+/g;
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)$/;
const LONGEST_SEQUENCE = 4096;
// East Asian Wide and Fullwidth, and what is shown as an emoji
const WIDE = /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
// what is written over the cell before it
const JOINED = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

/** A row: the text of each cell, empty where the one before it goes on, and its pen; whether it continues in the next.
 * @typedef {{ cells: string[], pens: string[], continued: boolean }} Row */

/** @returns {Row} */
const empty = () => ({ cells: [], pens: [], continued: false });

/** The columns that a character takes. @param {string} char */
function columnsOf(char) {
  if (char < "\u0300") return 1;
  return JOINED.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

export class Rows {
  /** The latest rows, among which the cursor is, and those above. @type {Row[]} */
  #rows = [empty()];
  /** @type {Row[]} */
  #above = [];
  #row = 0;
  #column = 0;
  #saved = [0, 0];
  /** @type {import("./colours.js").Style} */
  #style = {};
  #css = "";
  /** Unfinished sequences by stream. @type {Strings} */
  #rest = {};
  /** Whether rows are gone that nobody has taken. */
  lost = false;

  /** @param {string} stream @param {string} text */
  write(stream, text) {
    const whole = (this.#rest[stream] ?? "") + text;
    const end = whole.slice(-LONGEST_SEQUENCE);
    const cut = end.search(UNFINISHED);
    const at = whole.length - (cut < 0 ? 0 : end.length - cut);
    this.#rest[stream] = whole.slice(at);
    this.#draw(stream, whole.slice(0, at));
  }

  /** The rows that no cursor comes back to, as texts with their pens: a stream, and a style behind a bar. Each is given once. */
  above() {
    const rows = this.#above;
    this.#above = [];
    return pieces(rows, true);
  }

  /** The other rows; at the `end` with what follows an unfinished sequence. @param {boolean} end */
  shown(end) {
    if (end) {
      for (const stream in this.#rest) this.#draw(stream, this.#rest[stream]);
      this.#rest = {};
    }
    return pieces(this.#rows, false);
  }

  /** @param {string} stream @param {string} text */
  #draw(stream, text) {
    for (const [found, parameters, final, short] of text.matchAll(TOKEN)) {
      if (final) this.#move(parameters, final);
      else if (short && found.length === 2) this.#obey(short);
      else if (found > "\x1f") this.#put(stream, found.replace(UNSEEN, named));
      else if (found === "\n") this.#feed(false);
      else if (found === "\r") this.#column = 0;
      else if (found === "\b") this.#column = Math.max(0, this.#column - 1);
      else if (found === "\t") this.#tab(stream);
      // a sequence that does nothing here is longer
      else if (found.length === 1) this.#put(stream, named(found));
    }
  }

  /** Go on in the next row. @param {boolean} continued whether it is the same line */
  #feed(continued) {
    if (continued) this.#current().continued = true;
    this.#column = 0;
    this.#row += 1;
    this.#current();
    if (this.#row < HEIGHT) return;
    this.#above.push(/** @type {Row} */ (this.#rows.shift()));
    this.#row -= 1;
    this.#saved[0] = Math.max(0, this.#saved[0] - 1);
    if (this.#above.length < 2 * MOST_ABOVE) return;
    this.#above.splice(0, MOST_ABOVE);
    this.lost = true;
  }

  /** The cursor's row. */
  #current() {
    while (this.#rows.length <= this.#row) this.#rows.push(empty());
    return this.#rows[this.#row];
  }

  /** @param {string} stream @param {string} text */
  #put(stream, text) {
    const pen = this.#css ? `${stream}|${this.#css}` : stream;
    for (const char of text) {
      const columns = columnsOf(char);
      if (columns || !this.#join(char)) this.#set(char, columns || 1, pen);
    }
  }

  /** Write a character over the cell before the cursor; returns whether there is one. @param {string} char */
  #join(char) {
    const { cells } = this.#current();
    let at = this.#column - 1;
    while (cells[at] === "") at -= 1;
    if (!cells[at]) return false;
    cells[at] += char;
    return true;
  }

  /** Write a character, or a tab, to the cells from the cursor on. @param {string} char @param {number} columns @param {string} pen */
  #set(char, columns, pen) {
    if (this.#column + columns > WIDTH) this.#feed(true);
    const { cells, pens } = this.#current();
    const at = this.#column;
    this.#column = at + columns;
    if (columns === 1 && at === cells.length) {
      cells.push(char);
      pens.push(pen);
      return;
    }
    blank(cells, at);
    blank(cells, at + columns - 1);
    while (cells.length < at) pens[cells.push(" ") - 1] = pen.split("|")[0];
    for (let next = at; next < at + columns; next += 1) {
      cells[next] = next === at ? char : "";
      pens[next] = pen;
    }
  }

  /** Go to the next stop; a tab at the end of a row is a part of its text. @param {string} stream */
  #tab(stream) {
    const columns = TAB - (this.#column % TAB);
    if (this.#column >= this.#current().cells.length) this.#set("\t", columns, stream);
    else this.#column += columns;
  }

  /** Obey a sequence with parameters. @param {string} parameters @param {string} final */
  #move(parameters, final) {
    // a private sequence
    if (/[<-?]/.test(parameters)) return;
    const count = Math.max(1, parseInt(parameters) || 1);
    if (final === "m") this.#css = cssOf((this.#style = styled(this.#style, parameters)));
    else if (final === "K") this.#erase(parseInt(parameters) || 0);
    else if (final === "J" && !parseInt(parameters)) this.#eraseBelow();
    else if (/[XP@]/.test(final)) this.#change(final, count);
    else if (final === "s" || final === "u") this.#obey(final === "s" ? "7" : "8");
    else {
      if (/[AF]/.test(final)) this.#row = Math.max(0, this.#row - count);
      if (/[BE]/.test(final)) this.#row = Math.min(HEIGHT - 1, this.#row + count);
      if (/[EF]/.test(final)) this.#column = 0;
      if (/[CD]/.test(final)) this.#column += final === "C" ? count : -count;
      if (/[G`]/.test(final)) this.#column = count - 1;
      this.#column = Math.min(WIDTH - 1, Math.max(0, this.#column));
    }
  }

  /** Obey a short sequence: keep the cursor's place, return to it, or go a row up or down. @param {string} short */
  #obey(short) {
    if (short === "7") this.#saved = [this.#row, this.#column];
    if (short === "8") [this.#row, this.#column] = this.#saved;
    if (short === "M") this.#row = Math.max(0, this.#row - 1);
    if (short === "D" || short === "E") {
      const column = short === "D" ? this.#column : 0;
      this.#feed(false);
      this.#column = column;
    }
  }

  /** Make blanks of columns from the cursor on, take them out, or put blanks in. @param {string} final @param {number} count */
  #change(final, count) {
    const { cells, pens } = this.#current();
    const at = this.#column;
    const end = Math.min(cells.length, at + count);
    for (const edge of final === "@" ? [at] : [at, end]) if (cells[edge] === "") blank(cells, edge);
    if (final === "@" && at < end) {
      cells.splice(at, 0, ...Array(Math.min(count, WIDTH)).fill(" "));
      pens.splice(at, 0, ...Array(Math.min(count, WIDTH)).fill("stdout"));
      if (cells[WIDTH] === "") blank(cells, WIDTH);
      cells.length = pens.length = Math.min(cells.length, WIDTH);
    } else if (final === "P" || (final === "X" && end === cells.length)) {
      cells.splice(at, end - at);
      pens.splice(at, end - at);
    } else if (final === "X") {
      cells.fill(" ", at, end);
      pens.fill("stdout", at, end);
    }
  }

  /** Erase a part of the row: behind the cursor, before it, or all. @param {number} part */
  #erase(part) {
    const { cells, pens } = this.#current();
    if (part === 1) {
      blank(cells, this.#column);
      cells.fill(" ", 0, this.#column + 1);
      pens.fill("stdout", 0, this.#column + 1);
      return;
    }
    const from = part === 2 ? 0 : this.#column;
    blank(cells, from);
    if (from < cells.length) cells.length = pens.length = from;
    this.#current().continued = false;
  }

  #eraseBelow() {
    this.#erase(0);
    this.#rows.length = this.#row + 1;
  }
}

/** Make blanks of a character of several cells, of which one will be written over. @param {string[]} cells @param {number} at */
function blank(cells, at) {
  if (at >= cells.length) return;
  let [from, to] = [at, at + 1];
  while (cells[from] === "") from -= 1;
  while (cells[to] === "") to += 1;
  if (to - from > 1) cells.fill(" ", from, to);
}

/** The texts of rows, with their pens. @param {Row[]} rows @param {boolean} ended whether a newline follows the last
 * @returns {[pen: string, text: string][]} */
function pieces(rows, ended) {
  /** @type {[string, string][]} */
  const found = [];
  /** @param {string} pen @param {string} text */
  const add = (pen, text) => {
    // of more there may be no end, and a browser is not to lay them all out
    const made = found.length < MOST_PIECES ? pen : pen.split("|")[0];
    const last = found.at(-1);
    if (last?.[0] === made) last[1] += text;
    else found.push([made, text]);
  };
  rows.forEach(({ cells, pens, continued }, index) => {
    for (let at = 0; at < cells.length; at += 1) add(pens[at], cells[at]);
    if (!continued && (ended || index < rows.length - 1)) add(found.at(-1)?.[0].split("|")[0] ?? "stdout", "\n");
  });
  return found;
}
