// How the parts of the element are made.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Names} attributes @param {(Node | string)[]} children
 */
export function part(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...children);
  return made;
}

/** A part of a drawing. @param {string} tag @param {Names} attributes @param {Node[]} children */
export function vector(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...children);
  return made;
}
