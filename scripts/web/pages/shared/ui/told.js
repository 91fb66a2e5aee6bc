// How does a figure tell what is to be known of it? In a small box, at a press as well as under the pointer.

import { button, el } from "../dom.js";

const EDGE = 8;

/** Words that show a note, of a line or several, when they are pressed; the words alone where there is no note. */
export function told(words, note) {
  if (!note) return words;
  const node = button({ class: "told", title: note }, () => show(node, note), words);
  return node;
}

function show(node, note) {
  const box = el("div", { class: "note", popover: "auto", role: "note" }, note.split("\n").map((line) => el("p", {}, line)));
  box.addEventListener("toggle", (event) => event.newState === "closed" && box.remove());
  document.body.append(box);
  box.showPopover();
  const place = node.getBoundingClientRect();
  const isBelow = place.bottom + EDGE + box.offsetHeight <= innerHeight;
  box.style.left = `${Math.max(EDGE, Math.min(innerWidth - box.offsetWidth - EDGE, place.left))}px`;
  box.style.top = `${Math.max(EDGE, isBelow ? place.bottom + 4 : place.top - box.offsetHeight - 4)}px`;
}
