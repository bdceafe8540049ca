// Makes the code cells of a notebook's page editable and runnable. Nothing of Python is loaded before the first run.
import { coloured } from "./highlight.js";
import { Python, wasStopped } from "./python.js";
import { label } from "./words.js";

/** @param {ParentNode} root @param {string} selector @returns {any} */
const part = (root, selector) => root.querySelector(selector);

class Cell {
  /** The thread in which it has last ended well. */
  generation = 0;

  /** @param {HTMLElement} root @param {Notebook} notebook */
  constructor(root, notebook) {
    this.root = root;
    this.notebook = notebook;
    this.number = Number(root.dataset.cell);
    this.name = part(root, ".notebook-name").textContent;
    this.shown = part(root, "code");
    this.output = part(root, ".notebook-output");
    this.state = part(root, ".notebook-state");
    this.fold = part(root, "details");
    this.run = part(root, ".run");
    this.stop = part(root, ".stop");
    this.reset = part(root, ".reset");
    this.original = { code: this.shown.textContent, nodes: [...this.shown.childNodes], output: this.output.textContent };
    this.editor = this.#editor();
    this.output.setAttribute("aria-label", label.output(this.name));
    this.output.setAttribute("role", "region");
    this.output.tabIndex = 0;
    this.run.disabled = this.reset.disabled = false;
    for (const button of [this.run, this.stop, this.reset]) button.setAttribute("aria-label", `${this.name} ${button.textContent}`);
    this.run.addEventListener("click", () => notebook.run(this));
    // Stop stands where Run was: the second click of a double click is not meant for it
    this.stop.addEventListener("click", (/** @type {MouseEvent} */ event) => event.detail > 1 || notebook.stop());
    this.reset.addEventListener("click", () => this.#back());
  }

  /** A text field over the coloured code, which shows through it and gives it its size. */
  #editor() {
    const editor = document.createElement("textarea");
    editor.value = this.original.code;
    editor.spellcheck = false;
    editor.setAttribute("aria-label", label.code(this.name));
    for (const name of ["autocapitalize", "autocorrect", "autocomplete"]) editor.setAttribute(name, "off");
    editor.addEventListener("input", () => this.#colour());
    editor.addEventListener("keydown", event => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey) || event.isComposing) return;
      event.preventDefault();
      if (!event.repeat) this.notebook.run(this);
    });
    part(this.root, ".notebook-code").append(editor);
    return editor;
  }

  #colour() {
    // the last line counts although it is empty
    this.shown.replaceChildren(...coloured(this.editor.value), "\n");
    this.generation = 0;
  }

  #back() {
    this.editor.value = this.original.code;
    this.shown.replaceChildren(...this.original.nodes);
    this.show(this.original.output, false);
    this.generation = 0;
    this.tell(label.wasReset);
  }

  /** @param {string} text @param {boolean} [open] whether a folded output is unfolded */
  show(text, open = true) {
    this.output.textContent = text;
    this.output.hidden = !text;
    if (this.fold) this.fold.open = open;
  }

  /** @param {string} text @param {boolean} [aloud] */
  tell(text, aloud = true) {
    this.state.textContent = text;
    if (aloud) this.notebook.say(`${this.name}: ${text}`);
  }

  /** @param {boolean} busy */
  turn(busy) {
    const moved = document.activeElement === (busy ? this.run : this.stop);
    this.root.toggleAttribute("data-busy", busy);
    this.run.hidden = busy;
    this.stop.hidden = !busy;
    this.reset.disabled = busy;
    if (moved) (busy ? this.stop : this.run).focus();
  }
}

class Notebook {
  /** @param {HTMLElement} tools @param {NodeListOf<HTMLElement>} cells */
  constructor(tools, cells) {
    const { wheels = "", bytes } = tools.dataset;
    const addresses = wheels.split(" ").filter(Boolean).map(one => new URL(one, document.baseURI).href);
    this.spoken = part(tools, ".notebook-spoken");
    this.python = new Python(addresses, Number(bytes));
    this.cells = [...cells].map(root => new Cell(root, this));
    this.busy = false;
  }

  /** @param {string} text */
  say(text) {
    this.spoken.textContent = text;
  }

  stop() {
    this.python.stop();
  }

  /** Run a cell, and before it those above it that have not run as they stand: it may need what they make.
   * @param {Cell} cell */
  async run(cell) {
    if (this.busy) return;
    this.busy = true;
    cell.turn(true);
    for (const other of this.cells) if (other !== cell) other.run.disabled = true;
    try {
      await this.#inOrder(cell);
    } catch (reason) {
      cell.tell(wasStopped(reason) ? label.stopped : label.broken);
    }
    this.busy = false;
    for (const other of this.cells) other.run.disabled = false;
    cell.turn(false);
  }

  /** @param {Cell} cell */
  async #inOrder(cell) {
    this.python.onprogress = text => cell.tell(text, false);
    this.say(`${cell.name}: ${label.running}`);
    await this.python.start();
    for (const other of this.cells.slice(0, this.cells.indexOf(cell))) {
      if (other.generation === this.python.generation) continue;
      cell.tell(label.before(other.number), false);
      if (!(await this.#one(other))) return cell.tell(label.failedBefore(other.number));
    }
    await this.#one(cell);
  }

  /** @param {Cell} cell */
  async #one(cell) {
    const before = performance.now();
    let fresh = true;
    // what was there stays until there is something else, so that nothing jumps
    this.python.onoutput = text => {
      cell.show(fresh ? text : cell.output.textContent + text);
      fresh = false;
    };
    const well = await this.python.run(cell.editor.value, `<칸 ${cell.number}>`);
    if (fresh) cell.show("");
    cell.generation = well ? this.python.generation : 0;
    cell.root.toggleAttribute("data-failed", !well);
    cell.tell(well ? label.well((performance.now() - before) / 1000) : label.failed);
    return well;
  }
}

const tools = document.querySelector(".notebook-tools");
if (tools instanceof HTMLElement) new Notebook(tools, document.querySelectorAll(".notebook-cell"));
