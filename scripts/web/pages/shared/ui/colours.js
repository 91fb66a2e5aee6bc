// Which colour stands for which model? The same one on every page, for good: it follows from the model's name.

import { el } from "../dom.js";

/** All models together that have no place of their own. */
export const OTHERS = Symbol("others");

const COLOURS = 7;
/** With this beginning the names that are seen most often have colours that differ. */
const SEED = 6312;
const PRIME = 16_777_619;

/** The class of a model's colour; what has no name, and "others", are grey. */
export function colourOf(model) {
  if (typeof model !== "string") return "colour-0";
  let hash = SEED;
  for (const letter of model) hash = Math.imul(hash ^ letter.codePointAt(0), PRIME) >>> 0;
  hash = (hash ^ (hash >>> 15)) >>> 0;
  return `colour-${(hash % COLOURS) + 1}`;
}

/** A square in that colour, before the name. */
export function swatchOf(model) {
  return el("i", { class: `swatch ${colourOf(model)}` });
}
