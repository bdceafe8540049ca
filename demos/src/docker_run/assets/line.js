// The command line, with a shell's keys and its history of lines.
import { rare } from "./dom.js";
import { texts } from "./strings.js";

/** @param {View} view @param {History} history @param {import("./element.js").DockerRun} demo */
export function listen({ root, form, line, write, stop, reset, copy, status, note }, history, demo) {
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
    // to the eye, too, and once
    if (status.textContent !== texts.copied) note((status.textContent = texts.copied));
  });
  line.addEventListener("paste", async event => {
    const pasted = event.clipboardData?.getData("text");
    if (!pasted) return;
    event.preventDefault();
    await rare();
    const [taken, said] = globalThis.dockerRunRare?.command(pasted) ?? [pasted];
    // the one way to insert text that the reader can undo
    document.execCommand("insertText", false, taken);
    if (said) note((status.textContent = said));
  });
  // a phone's keyboard may name no key
  line.addEventListener("beforeinput", event => {
    if (!/^insert(LineBreak|Paragraph)$/.test(event.inputType)) return;
    event.preventDefault();
    demo.run();
  });
  root.addEventListener("keydown", event => {
    // in Safari an Enter that ends a composition differs from another one only in its code
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && (composing || event.repeat || event.target === line)) event.preventDefault();
    if (event.key === "Enter" && event.target === line && !composing && !event.repeat) demo.run();
    if (event.key === "Escape" && !composing) demo.stop();
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const other = way && !composing && event.target === line && leaves(line) ? history.move(way, line.value) : undefined;
    if (other === undefined) return;
    event.preventDefault();
    write(other);
  });
}

/** Whether an arrow up or down has nowhere to go in the field: its line is not wrapped, or the caret is at an end. @param {HTMLTextAreaElement} line */
function leaves({ selectionStart, selectionEnd, value, clientHeight }) {
  return clientHeight < 40 || !selectionEnd || selectionStart === value.length;
}

/** The lines that were run, for the arrow keys. */
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

  /** Go one line back (-1) or on (1), after the last one to what was `typed`; undefined at an end. @param {number} way @param {string} typed */
  move(way, typed) {
    if (this.#at === this.#lines.length) {
      this.#draft = typed;
      // the last line of the history still stands in the field: go to the one before it
      if (way < 0 && typed === this.#lines.at(-1)) this.#at -= 1;
    }
    const next = this.#at + way;
    if (next < 0 || next > this.#lines.length) return undefined;
    this.#at = next;
    return this.#lines[next] ?? this.#draft;
  }
}
