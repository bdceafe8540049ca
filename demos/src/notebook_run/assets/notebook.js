// Makes the code cells of a notebook's page editable and runnable. Python is loaded with the first run, and every other
// script when the reader first needs it.
const strings = async () => (await import("./strings.js")).texts;
// shown when even the texts cannot be fetched
const UNREACHED = "사이트에 닿지 못했어요. 인터넷 연결을 확인하고 다시 눌러 보세요.";

/** @param {ParentNode} root @param {string} selector @returns {any} */
const part = (root, selector) => root.querySelector(selector);

class Cell {
  /** The number of the thread in which it last ended well; 0 after a change. */
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
    this.run.disabled = this.reset.disabled = false;
    root.toggleAttribute("data-ready", true);
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
    editor.setAttribute("aria-label", this.root.dataset.label ?? "");
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

  async #colour() {
    this.generation = 0;
    // the last line counts although it is empty
    this.shown.textContent = this.editor.value + "\n";
    const { coloured } = await import("./highlight.js");
    this.shown.replaceChildren(...coloured(this.editor.value + "\n"));
  }

  async #back() {
    this.editor.value = this.original.code;
    this.shown.replaceChildren(...this.original.nodes);
    this.show(this.original.output, false);
    this.generation = 0;
    this.say((await strings()).wasReset);
  }

  /** @param {string} text @param {boolean} [open] whether a folded output is unfolded */
  show(text, open = true) {
    this.output.textContent = text;
    this.output.hidden = !text;
    this.state.removeAttribute("data-old");
    if (this.fold) this.fold.open = open;
  }

  /** Mark the output as of an earlier run, until this one prints something. @param {string} text that says so */
  age(text) {
    if (this.output.textContent) this.state.dataset.old = text;
  }

  /** @param {string} text @param {boolean} [aloud] */
  say(text, aloud = true) {
    this.state.textContent = text;
    if (aloud) this.notebook.say(`${this.name}: ${text}`);
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    const moved = document.activeElement === (busy ? this.run : this.stop);
    this.root.toggleAttribute("data-busy", busy);
    this.run.hidden = busy;
    this.stop.hidden = !busy;
    this.reset.disabled = busy;
    if (moved) (busy ? this.stop : this.run).focus();
  }
}

class Notebook {
  /** @type {import("./python.js").Python | null} */
  python = null;
  busy = false;
  stopped = false;

  /** @param {HTMLElement} tools @param {NodeListOf<HTMLElement>} cells */
  constructor(tools, cells) {
    this.tools = tools;
    this.spoken = part(tools, ".notebook-spoken");
    this.cells = [...cells].map(root => new Cell(root, this));
  }

  /** @param {string} text */
  say(text) {
    this.spoken.textContent = text;
  }

  stop() {
    this.stopped = true;
    this.python?.stop();
  }

  /** Run a cell, and first those above it that have not run as they stand, since it may need what they make.
   * @param {Cell} cell */
  async run(cell) {
    if (this.busy) return;
    this.busy = true;
    this.stopped = false;
    cell.setBusy(true);
    for (const other of this.cells) if (other !== cell) other.run.disabled = true;
    /** @type {Awaited<ReturnType<typeof strings>> | undefined} */
    let texts;
    try {
      texts = await strings();
      await this.#inOrder(cell, texts);
    } catch {
      cell.say((this.stopped ? texts?.stopped : texts?.broken) ?? UNREACHED);
    } finally {
      this.busy = false;
      for (const other of this.cells) other.run.disabled = false;
      cell.setBusy(false);
    }
  }

  /** @param {Cell} cell @param {Awaited<ReturnType<typeof strings>>} texts */
  async #inOrder(cell, texts) {
    this.say(`${cell.name}: ${texts.running}`);
    cell.age(texts.old);
    const python = await this.#started(text => cell.say(text, false));
    for (const other of this.cells.slice(0, this.cells.indexOf(cell))) {
      if (other.generation === python.generation) continue;
      cell.say(texts.before(other.number), false);
      if (!(await this.#one(other, python, texts))) return cell.say(texts.failedBefore(other.number));
    }
    cell.say(texts.running, false);
    await this.#one(cell, python, texts);
  }

  /** @param {(text: string) => void} onprogress */
  async #started(onprogress) {
    const { Python } = await import("./python.js");
    const { wheels = "", bytes } = this.tools.dataset;
    const addresses = wheels.split(" ").map(one => new URL(one, document.baseURI).href);
    this.python ??= new Python(addresses, Number(bytes));
    if (this.stopped) throw new Error("stopped before it began");
    await this.python.start(onprogress);
    return this.python;
  }

  /** @param {Cell} cell @param {import("./python.js").Python} python @param {Awaited<ReturnType<typeof strings>>} texts */
  async #one(cell, python, texts) {
    cell.age(texts.old);
    const before = performance.now();
    const source = cell.editor.value;
    let fresh = true;
    const well = await python.run(source, `<칸 ${cell.number}>`, text => {
      // the earlier output stays until there is a new one, so that nothing jumps
      cell.show(fresh ? text : cell.output.textContent + text);
      fresh = false;
    });
    if (fresh) cell.show("");
    // a cell that was edited meanwhile has not run as it stands
    cell.generation = well && cell.editor.value === source ? python.generation : 0;
    cell.root.toggleAttribute("data-failed", !well);
    cell.say(well ? texts.well((performance.now() - before) / 1000) : texts.failed);
    return well;
  }
}

const tools = document.querySelector(".notebook-tools");
if (tools instanceof HTMLElement) new Notebook(tools, document.querySelectorAll(".notebook-cell"));
