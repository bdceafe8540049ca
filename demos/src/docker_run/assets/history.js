// The lines that were run, as a shell's arrow keys go through them.

export class History {
  /** @type {string[]} */
  #lines = [];
  #at = 0;
  #draft = "";

  /** @param {string} line */
  add(line) {
    if (this.#lines.at(-1) !== line) this.#lines.push(line);
    this.#lines = this.#lines.slice(-100);
    this.#at = this.#lines.length;
  }

  /** The line one step back (-1) or on (1), past the last one what was `typed`; undefined where there is none. @param {number} way @param {string} typed */
  move(way, typed) {
    if (this.#at === this.#lines.length) {
      this.#draft = typed;
      // the line that was just run still stands there
      if (way < 0 && typed === this.#lines.at(-1)) this.#at -= 1;
    }
    const next = this.#at + way;
    if (next < 0 || next > this.#lines.length) return undefined;
    this.#at = next;
    return this.#lines[next] ?? this.#draft;
  }
}
