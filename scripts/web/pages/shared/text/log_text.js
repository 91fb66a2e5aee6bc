// How is text of the log shown? As text alone, with everything that steers a screen made visible.

import { el } from "../dom.js";

// Control characters but tab and newline, marks that turn or hide text, and halves of surrogate pairs.
// A zero-width joiner stays: emoji are made with it.
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]+/gu;
const MOST_MARKS = 2000;
const PIECE = 8000;

/** Nodes for a text: plain text, and a marked escape such as `\x1b` for what cannot be seen. */
export function logText(text) {
  const clean = String(text).replace(/\r\n?/g, "\n");
  const nodes = [];
  let from = 0;
  for (const match of clean.matchAll(UNSAFE)) {
    if (nodes.length > MOST_MARKS) break;
    if (match.index > from) nodes.push(clean.slice(from, match.index));
    nodes.push(el("span", { class: "control" }, escaped(match[0])));
    from = match.index + match[0].length;
  }
  nodes.push(inText(clean.slice(from)));
  return nodes;
}

/** The text on one line, for headings, cells and attributes. */
export function oneLine(text) {
  return inText(String(text).replace(/\s+/g, " ").trim());
}

/** The text with its middle left out where it is long: ids share their beginnings. */
export function cutInMiddle(text, most = 34) {
  const characters = Array.from(oneLine(text));
  if (characters.length <= most) return characters.join("");
  const end = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, most - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}

/** The first part of a text on one line. */
export function beginning(text, most) {
  const characters = Array.from(oneLine(String(text).slice(0, most * 4)));
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : characters.join("");
}

/** A name of the log within a sentence of ours: it is not long, and cannot turn what stands around it. */
export function isolated(text) {
  return `\u2068${cutInMiddle(text, 48)}\u2069`;
}

function inText(text) {
  return text.replace(UNSAFE, escaped);
}

function escaped(characters) {
  return Array.from(characters, (character) => {
    const code = character.codePointAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  }).join("");
}

/** A very long text in pieces, if it can be at ends of lines: a browser lays out no single huge block well. */
export function pieces(text) {
  const parts = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + PIECE, text.length);
    if (to < text.length) {
      const newline = text.lastIndexOf("\n", to - 1);
      if (newline > from) to = newline + 1;
      else if (/[\ud800-\udbff]/.test(text[to - 1])) to += 1;
    }
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}
