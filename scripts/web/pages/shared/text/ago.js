// How long ago was it? Said again as time goes by.

import { el } from "../dom.js";
import { machineTime, time, timeSince } from "./format.js";

/** How long ago something was; `tick` keeps it true. */
export function timeAgo(text) {
  const moment = Date.parse(text ?? "");
  if (Number.isNaN(moment)) return el("span", { class: "none" }, "–");
  return el("time", { datetime: machineTime(text), title: time(text, "second"), "data-moment": moment }, timeSince(moment));
}

/** Brings all that says how long ago something was up to now. */
export function updateTimesAgo(root) {
  for (const node of root.querySelectorAll("time[data-moment]")) {
    const words = timeSince(Number(node.dataset.moment));
    if (node.textContent !== words) node.textContent = words;
  }
}
