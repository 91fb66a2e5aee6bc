// What do the panels of this page share?

import { el } from "../shared/dom.js";

/** The heading of the panel with this id, with a small word beside it. */
export function heading(id, words, beside = null) {
  return el("header", {}, el("h2", { id: `${id}-title` }, words), beside ? el("small", {}, beside) : null);
}

/** Words in the place of rows. */
export function none(...words) {
  return el("p", { class: "none" }, words);
}
