// The line as in a shell: its keys, and the lines before it.
import { label } from "./words.js";

/** @param {View} view @param {History} history @param {import("./element.js").DockerRun} demo */
export function listen({ root, form, line, stop, reset, copy, status, note }, history, demo) {
  form.addEventListener("submit", event => (event.preventDefault(), demo.run()));
  // Stop stands where Run was: the second click of a double click is not meant for it
  stop.addEventListener("click", event => event.detail > 1 || demo.stop());
  reset.addEventListener("click", () => demo.reset());
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line.value);
    } catch {
      // without https there is no clipboard, and a reader may forbid it
      line.select();
      if (!document.execCommand("copy")) return;
    }
    status.textContent = label.copied;
  });
  line.addEventListener("paste", event => {
    const pasted = apart(event.clipboardData?.getData("text") ?? "");
    if (!pasted) return;
    event.preventDefault();
    // the one way to put text in that the reader can take back
    document.execCommand("insertText", false, pasted[0]);
    if (pasted.length > 1) note((status.textContent = label.oneLine));
  });
  root.addEventListener("keydown", event => {
    // Safari tells the Enter that ends a composition only by its code
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && (composing || event.repeat)) event.preventDefault();
    if (event.key === "Escape" && !composing) demo.stop();
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const other = way && !composing && event.target === line ? history.move(way, line.value) : undefined;
    if (other === undefined) return;
    event.preventDefault();
    line.value = other;
  });
}

/** The lines of a text of more than one, a continued one as one. @param {string} text */
export function apart(text) {
  const found = text.trim().replaceAll(/\s*\\\r?\n\s*/g, " ").split(/\s*\n\s*/);
  return /[\r\n]/.test(text.trim()) ? found : undefined;
}

/** The lines that were run, as a shell's arrow keys go through them. */
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

  /** One step back (-1) or on (1), past the last one what was `typed`; undefined at an end. @param {number} way @param {string} typed */
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
