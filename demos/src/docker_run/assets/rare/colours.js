// Makes CSS of what a program asks for with colours and weights, in colours that can be read on light and dark paper.

/** Red, green and blue, each up to 255. @typedef {number[]} Colour */
/** What is asked for; what is left out is as usual.
 * @typedef {{ text?: Colour, paper?: Colour, inverse?: boolean, bold?: boolean, italic?: boolean, underline?: boolean, struck?: boolean }} Style */

// the first 16 as xterm has them: black, red, green, yellow, blue, magenta, cyan, white; then the bright ones
const FIRST = "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff".split(" ");
// the darkest light paper and the lightest dark one that are likely below the text, and the inks on them
const LIGHT = { paper: [240, 238, 230], ink: [35, 38, 43] };
const DARK = { paper: [40, 44, 54], ink: [228, 230, 234] };
// WCAG 2: text of this size
const LEAST = 4.5;
const STEP = 0.05;
/** What turns something off again. @type {Record<number, Style>} */
const OFF = {
  22: { bold: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { struck: undefined },
  39: { text: undefined },
  49: { paper: undefined },
};
/** @type {Record<number, Style>} */
const ON = { 1: { bold: true }, 3: { italic: true }, 4: { underline: true }, 7: { inverse: true }, 9: { struck: true } };

/** The colour of a number up to 255. @param {number} number @returns {Colour | undefined} */
export function indexed(number) {
  if (!(number >= 0 && number < 256)) return undefined;
  if (number < 16) return [0, 2, 4].map(at => parseInt(FIRST[number].slice(at, at + 2), 16));
  if (number > 231) return Array(3).fill(8 + 10 * (number - 232));
  return [36, 6, 1].map(part => Math.floor((number - 16) / part) % 6).map(level => level && 55 + 40 * level);
}

/** A style after a sequence (ECMA-48 SGR). @param {Style} style @param {string} parameters @returns {Style} */
export function styled(style, parameters) {
  // of the forms with colons only colours have more than one part here
  const parts = parameters.split(";").flatMap(one => (/^[345]8:/.test(one) ? one.split(":").filter(Boolean) : one === "4:0" ? "24" : one.split(":")[0]));
  const codes = parts.map(Number);
  let made = { ...style };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    const kind = Math.floor(code / 10);
    if (!code) made = {};
    else if (code === 38 || code === 48 || code === 58) {
      const rgb = codes[at + 1] === 2;
      const colour = rgb ? codes.slice(at + 2, at + 5) : codes[at + 1] === 5 ? indexed(codes[at + 2]) : undefined;
      if (colour && code < 58) made[code === 38 ? "text" : "paper"] = colour.map(value => Math.min(255, value || 0));
      at += rgb ? 4 : 2;
    } else if (kind === 3 && code < 38) made.text = indexed(code - 30);
    else if (kind === 4 && code < 48) made.paper = indexed(code - 40);
    else if (kind === 9 && code < 98) made.text = indexed(code - 82);
    else if (kind === 10 && code < 108) made.paper = indexed(code - 92);
    else Object.assign(made, ON[code] ?? OFF[code]);
  }
  return made;
}

/** WCAG's relative luminance. @param {Colour} colour */
const luminance = colour => colour.map(value => value / 255).map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)).reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);

/** WCAG's contrast ratio. @param {Colour} one @param {Colour} other */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((first, second) => first - second);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, or the next to it towards black or white that can be read on this paper. @param {Colour} colour @param {Colour} paper */
export function readable(colour, paper) {
  const end = contrast([0, 0, 0], paper) > contrast([255, 255, 255], paper) ? 0 : 255;
  let made = colour;
  for (let part = STEP; contrast(made, paper) < LEAST && part < 1 + STEP; part += STEP) made = colour.map(value => Math.round(value + (end - value) * Math.min(1, part)));
  return made;
}

/** @param {Colour} colour */
const css = colour => `rgb(${colour.join(" ")})`;
/** One colour for light paper and one for dark. @param {Colour} light @param {Colour} dark */
const either = (light, dark) => `light-dark(${css(light)},${css(dark)})`;

/** The colours of a style. @param {Style} style */
function coloursOf({ text, paper, inverse }) {
  const [front, back] = inverse ? [paper, text] : [text, paper];
  if (back) return [`color:${css(readable(front ?? (inverse ? LIGHT.paper : LIGHT.ink), back))}`, `background:${css(back)}`];
  if (inverse) return [`color:${front ? either(readable(front, LIGHT.ink), readable(front, DARK.ink)) : "var(--paper-)"}`, "background:var(--ink-)"];
  return front ? [`color:${either(readable(front, LIGHT.paper), readable(front, DARK.paper))}`] : [];
}

/** @type {Map<string, string>} */
const known = new Map();

/** The CSS of a style; empty for the usual. @param {Style} style */
export function cssOf(style) {
  const key = JSON.stringify(style);
  let made = known.get(key);
  if (made === undefined) {
    const lines = [style.underline && "underline", style.struck && "line-through"].filter(Boolean).join(" ");
    made = [...coloursOf(style), style.bold && "font-weight:700", style.italic && "font-style:italic", lines && `text-decoration:${lines}`].filter(Boolean).join(";");
    if (known.size < 1000) known.set(key, made);
  }
  return made;
}
