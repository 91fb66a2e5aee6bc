// Which colour stands for which model? The same one in every chart of the page.

/** All models together that have no place of their own. */
export const OTHERS = Symbol("others");

const COLOURS = 7;
const modelColours = new Map([[OTHERS, 0]]);

/** The class of a model's colour; those past the seventh, and "others", share a grey. */
export function colourOf(model) {
  if (!modelColours.has(model)) modelColours.set(model, modelColours.size <= COLOURS ? modelColours.size : 0);
  return `colour-${modelColours.get(model)}`;
}
