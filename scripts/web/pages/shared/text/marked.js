// How does text look that was written with marks for code, bold words and headings? The marks stay: nothing is hidden.

import { el } from "../dom.js";
import { logText } from "./log_text.js";

const FENCE = /^ {0,3}(```|~~~)/;
const WITHIN = /(`[^`\n]+`)|(\*\*[^*\n]+\*\*)|(^#{1,6} [^\n]+)/gm;

/** Nodes for a text: code apart, bold words and headings strong; every character of it is there. */
export function marked(text) {
  const nodes = [];
  let lines = [];
  let fence = null;
  const flush = (isCode) => {
    const part = lines.join("");
    lines = [];
    if (!part) return;
    nodes.push(...(isCode ? [el("code", { class: "fence" }, logText(part))] : within(part)));
  };
  for (const line of text.replace(/\r\n?/g, "\n").split(/(?<=\n)/)) {
    const mark = FENCE.exec(line)?.[1];
    if (!fence && mark) {
      flush(false);
      fence = mark;
      lines.push(line);
    } else if (fence && mark === fence) {
      lines.push(line);
      flush(true);
      fence = null;
    } else {
      lines.push(line);
    }
  }
  flush(fence !== null);
  return nodes;
}

function within(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(WITHIN)) {
    if (match.index > from) nodes.push(...logText(text.slice(from, match.index)));
    nodes.push(el(match[1] ? "code" : "strong", {}, logText(match[0])));
    from = match.index + match[0].length;
  }
  return [...nodes, ...logText(text.slice(from))];
}
