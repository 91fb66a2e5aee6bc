// How long ago was it? Said again as time goes by.

import { el } from "./dom.js";
import { machine, since, time } from "./format.js";

/** How long ago something was; `tick` keeps it true. */
export function when(text) {
  const moment = Date.parse(text ?? "");
  if (Number.isNaN(moment)) return el("span", { class: "none" }, "–");
  return el("time", { datetime: machine(text), title: time(text, "second"), "data-moment": moment }, since(moment));
}

/** Brings all that says how long ago something was up to now. */
export function tick(root) {
  for (const node of root.querySelectorAll("time[data-moment]")) {
    const words = since(Number(node.dataset.moment));
    if (node.textContent !== words) node.textContent = words;
  }
}
