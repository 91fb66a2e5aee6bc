// Which colour stands for which model? The same one on every page, for good: the server knows, since it knows all models.

import { el } from "../dom.js";
import { ask } from "../net/api.js";

/** All models together that have no place of their own. */
export const OTHERS = Symbol("others");

/** The id of the mask of stripes, which a drawing has among its parts. */
export const STRIPES = "stripes";

const GREY = "colour-0";
const classes = new Map();
const modelOfNode = new WeakMap();

/** Asks for the colours of all models, or of a session's; what stands there already has its own then. Without an answer it is grey. */
export async function loadColours(id = null) {
  try {
    const { data } = id === null ? await ask("colours") : await ask("session/colours", { id });
    for (const { model, colour, striped } of data.models) classes.set(model, `colour-${colour}${striped ? " striped" : ""}`);
  } catch {
    return;
  }
  document.querySelectorAll(`.${GREY}`).forEach((node) => modelOfNode.has(node) && paint(node));
}

/** Whether one knows of each of these models which colour it has; the server may know by now. */
export function hasColours(models) {
  return models.every((model) => model === null || classes.has(model));
}

/** Gives something a model's colour; what has no name, and "others", are grey. */
export function coloured(node, model) {
  modelOfNode.set(node, model);
  node.classList.add(GREY);
  paint(node);
  return node;
}

/** A square in that colour, before the name. */
export function swatchOf(model) {
  return coloured(el("i", { class: "swatch" }), model);
}

function paint(node) {
  const own = classes.get(modelOfNode.get(node));
  if (!own) return;
  node.classList.remove(GREY);
  node.classList.add(...own.split(" "));
  if (node instanceof SVGElement && node.classList.contains("striped")) node.setAttribute("mask", `url(#${STRIPES})`);
}
