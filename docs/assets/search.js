// Runs the search as its worker, in front of the theme's own, which does the searching. This one fetches the theme's worker
// and the book's sections only when somebody searches, puts sections that have all words first, and the learner's pages
// before those for others; where no word is found it looks for one of nearly the same spelling. A page that has the words
// in a section leads there. What is typed together or apart, composed or decomposed, is looked for as the book writes it.
"use strict";

/** The kinds of message that the theme and its worker exchange. */
const SETUP = 0, READY = 1, QUERY = 2, RESULT = 3;
/** @typedef {{ type: number, data?: any }} Message */
/** The sections that were found on a page, the best first, and the page itself. @typedef {{ location: string, title: string, terms: object }[]} Page */

const send = self.postMessage.bind(self);
/** What the theme sent when the page was loaded. @type {any} */
let setup;
/** The theme's worker, once it has read the sections. @type {Promise<Message> | undefined} */
let theme;
let turn = Promise.resolve();
/** Takes the next answer of the theme's worker. @type {(answer: Message) => void} */
let answered = send;
let asking = false;
/** All that the sections say, without markup. */
let book = "";
self.postMessage = /** @type {typeof self.postMessage} */ (answer => answered(answer));

/** @param {Message} message @returns {Promise<Message>} the theme's answer */
function ask(message) {
  return new Promise(resolve => {
    answered = resolve;
    asking = true;
    self.dispatchEvent(new MessageEvent("message", { data: message }));
    asking = false;
  });
}

/** @returns {Promise<Message>} when the theme's worker is ready */
async function begin() {
  const { config } = setup;
  const here = self.location.href;
  if (config.theme) {
    setup.docs = await (await fetch(new URL(config.sections, here))).json();
    // @ts-ignore: this is a worker, and the types are those of a page
    importScripts(new URL(config.theme, here));
  }
  book = setup.docs.map((/** @type {{ title: string, text: string }} */ one) => `${one.title}\n${one.text}`).join("\n").replace(/<[^>]*>/g, "");
  return ask({ type: SETUP, data: setup });
}

/** How often the book writes these letters, with blanks between them or without. @param {string} letters @returns {Map<string, number>} */
function counted(letters) {
  /** @type {Map<string, number>} */
  const forms = new Map();
  if (!/^(?=.*[가-힣])[\p{L}\p{N}]{3,}$/u.test(letters)) return forms;
  for (const [found] of book.matchAll(new RegExp([...letters].join("\\s?"), "giu"))) {
    const form = found.replace(/\s/g, " ").toLowerCase();
    forms.set(form, (forms.get(form) ?? 0) + 1);
  }
  return forms;
}

/** How the book writes these letters, the most frequent first. @param {string} letters */
const written = letters => [...counted(letters)].sort((one, other) => other[1] - one[1]).map(([form]) => form);

/** How often the book has these letters. @param {string} letters */
const times = letters => [...counted(letters).values()].reduce((sum, one) => sum + one, 0);

/** The words of what was typed in one piece, without particles; what ends like one (메모리한도) is no particle where the book
 * never leaves it out. @param {string} piece */
function words(piece) {
  const found = piece.split(new RegExp(setup.config.separator)).filter(Boolean);
  return found.length === 1 && piece !== found[0] && piece.startsWith(found[0]) && times(piece) && times(piece) === times(found[0]) ? [piece] : found;
}

/** Whether a word of the book begins so. @param {string} part */
const begins = part => new RegExp(`(?<![가-힣])${[...part].join("\\s?")}`, "u").test(book);

/** A word that the book does not have, as the two that it is made of. @param {string} word */
function halves(word) {
  if (!/^[가-힣]{4,}$/.test(word) || written(word).length) return [word];
  for (let at = word.length - 2; at > 1; at -= 1) {
    const both = [word.slice(0, at), word.slice(at)];
    if (both.every(begins)) return both;
  }
  return [word];
}

/** A query in each way in which the book writes it, whether its compounds were typed together or apart. @param {string} query */
function spellings(query) {
  const typed = query.split(/\s+/).filter(Boolean).flatMap(words).flatMap(halves);
  /** @type {string[][]} */
  const parts = [];
  for (let at = 0; at < typed.length; ) {
    const counts = [4, 3, 2, 1].filter(count => at + count <= typed.length);
    const count = counts.find(one => written(typed.slice(at, at + one).join("")).length) ?? 1;
    const forms = written(typed.slice(at, at + count).join(""));
    parts.push(forms.length ? forms : [typed[at]]);
    at += count;
  }
  const usual = parts.map(forms => forms[0]);
  const others = parts.flatMap((forms, at) => forms.slice(1).map(form => usual.map((one, index) => (index === at ? form : one))));
  return [usual, ...others].map(one => one.join(" "));
}

/** @param {string} query @param {(word: string) => string} asked how each word is asked for @returns {Promise<Page[]>} */
async function find(query, asked) {
  const typed = query.split(new RegExp(setup.config.separator)).filter(Boolean);
  const specific = typed.filter(word => !setup.config.everywhere.includes(word.toLowerCase()));
  const words = (specific.length ? specific : typed).map(asked).filter(Boolean);
  return words.length ? (await ask({ type: QUERY, data: words.join(" ") })).data.items : [];
}

/** The pages that any of the queries finds, each once. @param {string[]} queries @param {(word: string) => string} asked @returns {Promise<Page[]>} */
async function findAny(queries, asked) {
  /** @type {Map<string, Page>} */
  const found = new Map();
  for (const query of queries) {
    for (const page of await find(query, asked)) if (!found.has(address(page))) found.set(address(page), page);
  }
  return [...found.values()];
}

/** A word that may differ by a letter, a long Latin one by two. @param {string} word */
const nearly = word => word.length > 2 ? `${word}~${/^\w{7}/.test(word) ? 2 : 1}` : "";
/** @param {Page} page */
const address = page => page[0].location.split("#")[0];

/** @param {Page[]} pages */
const learnersFirst = pages => {
  const aside = (/** @type {Page} */ page) => Number(setup.config.aside.includes(address(page)));
  return pages.sort((one, other) => aside(one) - aside(other));
};

/** The pages with all words in one section, then those with some, else those with words of nearly the same spelling.
 * @param {string} query @returns {Promise<Page[]>} */
async function search(query) {
  if (!query.trim()) return [];
  await (theme ??= begin());
  const queries = spellings(query);
  const all = learnersFirst(await findAny(queries, word => `+${word}*`));
  const known = new Set(all.map(address));
  const some = learnersFirst(await findAny(queries, word => word)).filter(page => !known.has(address(page)));
  const found = all.length + some.length ? [...all, ...some] : learnersFirst(await find(query, nearly));
  return found.map(marked).map(leading);
}

/** A page that is there only for its sections has no words of its own to mark: it gets theirs. @param {Page} page */
function marked(page) {
  const terms = Object.assign({}, ...page.map(section => section.terms));
  return page.map(section => Object.keys(section.terms).length ? section : { ...section, terms });
}

/** Let a page lead to its best section, unless its own title has the words and is the best. The theme takes the last for
 * the page itself where each names a section. @param {Page} page */
function leading(page) {
  const whole = page.find(({ location }) => !location.includes("#"));
  const sections = page.filter(section => section !== whole);
  if (!whole || !sections.length || (page[0] === whole && whole.title.includes("<mark"))) return page;
  return [...sections, { ...whole, location: sections[0].location }];
}

/** @param {Message} message */
async function answer({ type, data }) {
  if (type === SETUP) {
    setup = data;
    send({ type: READY });
  } else if (type === QUERY) {
    send({ type: RESULT, data: { items: await search(data.normalize("NFC")) } });
  }
}

self.addEventListener("message", event => {
  if (asking) return;
  event.stopImmediatePropagation();
  turn = turn.then(() => answer(event.data)).catch(error => {
    console.warn(error);
    theme = undefined; // the next word tries again
    // an empty answer would read as nothing found; `failed` makes search-field.js show the failure
    send({ type: RESULT, data: { items: [], failed: true } });
  });
});
