// Makes the parts of the element, and loads what is seldom a part of it.

// ms until it is done without
const LATE = 3000;
/** @type {Promise<unknown> | undefined} */
let coming;

/** Load rare/rare.js, once, where the page says where it is; resolves also when it does not come. */
export const rare = () => globalThis.dockerRunRare ?? (coming ??= new Promise(done => {
  setTimeout(done, LATE);
  const address = document.querySelector('meta[name="docker-run-rare"]')?.getAttribute("content");
  if (!address) return done(0);
  const script = part("script", { src: address });
  script.onload = script.onerror = done;
  document.head.append(script);
}));

/**
 * Make an HTML element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Strings} attributes @param {(Node | string)[]} children
 */
export const part = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);

/** Make an SVG element. @param {string} tag @param {Strings} attributes @param {Node[]} children */
export const vector = (tag, attributes, ...children) => filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/**
 * @template {Element} E
 * @param {E} element @param {Strings} attributes @param {(Node | string)[]} children
 */
function filled(element, attributes, children) {
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
}
