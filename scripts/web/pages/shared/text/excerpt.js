// How does an excerpt of a text stand on the page, with what was found in it marked?

import { el } from "../dom.js";
import { oneLine } from "./log_text.js";

/** The excerpt on one line; places of matches are counted in characters. */
export function excerptOf(excerpt, matches) {
  const characters = Array.from(excerpt);
  const parts = [];
  let from = 0;
  for (const [start, end] of matches ?? []) {
    parts.push(oneLineKept(characters.slice(from, start)), el("mark", {}, oneLineKept(characters.slice(start, end))));
    from = end;
  }
  parts.push(oneLineKept(characters.slice(from)));
  return el("span", { class: "excerpt", dir: "auto" }, parts);
}

function oneLineKept(characters) {
  const text = characters.join("");
  const inner = oneLine(text);
  return `${/^\s/.test(text) ? " " : ""}${inner}${inner && /\s$/.test(text) ? " " : ""}`;
}
