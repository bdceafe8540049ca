// Runs the search as its worker, in front of the theme's own, which does the searching. This one fetches the theme's worker
// and the book's sections only when somebody searches, puts sections that have all words first, and the learner's pages
// before those for others; where no word is found it looks for one of nearly the same spelling. A page that has the words
// in a section leads there.
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
  return ask({ type: SETUP, data: setup });
}

/** @param {string} query @param {(word: string) => string} asked how each word is asked for @returns {Promise<Page[]>} */
async function find(query, asked) {
  const typed = query.split(new RegExp(setup.config.separator)).filter(Boolean);
  const specific = typed.filter(word => !setup.config.everywhere.includes(word.toLowerCase()));
  const words = (specific.length ? specific : typed).map(asked).filter(Boolean);
  return words.length ? (await ask({ type: QUERY, data: words.join(" ") })).data.items : [];
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
  const all = learnersFirst(await find(query, word => `+${word}*`));
  const known = new Set(all.map(address));
  const some = learnersFirst(await find(query, word => word)).filter(page => !known.has(address(page)));
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
    send({ type: RESULT, data: { items: await search(data) } });
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
