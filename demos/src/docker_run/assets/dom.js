// Makes the parts of the element.

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
