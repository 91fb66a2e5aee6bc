// How does a text look that was written in Markdown? Built node by node: what was logged becomes text, never markup.
//
// What is no sure mark stays as it was written. A link leads somewhere only by http and https, and tells nobody whence.

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { logText } from "../text/log_text.js";
import { t } from "../text/texts.js";
import { copy } from "./copying.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])[ \t]+(.*)$/;
const QUOTE = /^ {0,3}>[ \t]?(.*)$/;
const ROW = /^ {0,3}\|.*\|[ \t]*$/;
const DIVIDER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const INLINE = /(`+)([^`\n]+)\1|\*\*(?=\S)([^*\n]+)\*\*|(?<![\w*])\*(?=[^\s*])([^*\n]+)\*(?!\*)|(?<!\w)_(?=[^\s_])([^_\n]+)_(?!\w)|\[([^\]\n]{1,500})\]\(([^()\s]{1,2000})\)/g;
const DEEPEST = 6;

/** Nodes for a text: headings, lists, quotes, tables, code, emphasis and links; all its words are there. */
export function markdown(text, depth = 0) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const nodes = [];
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(el("p", { dir: "auto" }, inline(plain.join("\n"))));
    plain = [];
  };
  for (let at = 0; at < lines.length; ) {
    const block = depth < DEEPEST ? blockAt(lines, at, depth) : null;
    if (block) {
      flush();
      nodes.push(block.node);
      at = block.end;
      continue;
    }
    if (lines[at].trim()) plain.push(lines[at]);
    else flush();
    at += 1;
  }
  flush();
  return nodes;
}

/** What begins at a line and is more than words: its node, and the line behind it; null where there is nothing such. */
function blockAt(lines, at, depth) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return { node: el("p", { class: `heading level-${heading[1].length}`, dir: "auto" }, inline(heading[2])), end: at + 1 };
  if (RULE.test(line)) return { node: el("hr"), end: at + 1 };
  if (QUOTE.test(line)) return quote(lines, at, depth);
  if (ITEM.test(line)) return list(lines, at, depth);
  if (ROW.test(line) && DIVIDER.test(lines[at + 1] ?? "") && lines[at + 1].includes("-")) return table(lines, at);
  return null;
}

function code(lines, at, [, mark, language]) {
  let end = at + 1;
  const isEnd = (line) => line.trim().length >= mark.length && [...line.trim()].every((letter) => letter === mark[0]);
  while (end < lines.length && !isEnd(lines[end])) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  const pressed = button({ class: "quiet copy-code" }, () => copy(text, pressed), icon("copy"), t("code.copy"));
  const name = language ? el("small", {}, logText(language.slice(0, 40))) : null;
  return { node: el("div", { class: "code-block" }, el("div", { class: "of-code" }, name, pressed), el("pre", { tabindex: "0" }, el("code", {}, logText(text)))), end: end + 1 };
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const text = lines.slice(at, end).map((line) => QUOTE.exec(line)[1]).join("\n");
  return { node: el("blockquote", {}, markdown(text, depth + 1)), end };
}

/** A list: what is indented below an item belongs to it. */
function list(lines, at, depth) {
  const [, indent, first] = ITEM.exec(lines[at]);
  const isOrdered = /\d/.test(first);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    const isMine = item && item[1].length === indent.length && /\d/.test(item[2]) === isOrdered;
    const isBelow = items.length > 0 && (/^\s*$/.test(lines[end]) ? goesOn(lines, end + 1, indent.length) : leading(lines[end]) > indent.length);
    if (isMine) items.push({ width: indent.length + item[2].length + 1, lines: [item[3]] });
    else if (isBelow) items.at(-1).lines.push(outdented(lines[end], items.at(-1).width));
    else break;
    end += 1;
  }
  const start = isOrdered && Number.parseInt(first, 10) !== 1 ? Number.parseInt(first, 10) : null;
  const inside = ({ lines: own }) => {
    const nodes = markdown(own.join("\n"), depth + 1);
    // An item of one paragraph is its words.
    return nodes.length && nodes[0].localName === "p" && !nodes[0].className ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes;
  };
  return { node: el(isOrdered ? "ol" : "ul", { start }, items.map((item) => el("li", { dir: "auto" }, inside(item)))), end };
}

function goesOn(lines, at, indent) {
  const next = lines[at];
  return next !== undefined && next.trim() !== "" && (leading(next) > indent || (ITEM.test(next) && leading(next) === indent));
}

const leading = (line) => line.length - line.trimStart().length;
const outdented = (line, width) => line.slice(Math.min(width, leading(line)));

function table(lines, at) {
  let end = at + 2;
  while (end < lines.length && ROW.test(lines[end])) end += 1;
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll("\\|", "|")));
  const head = el("tr", {}, cells(lines[at]).map((cell) => el("th", { scope: "col" }, cell)));
  const rows = lines.slice(at + 2, end).map((line) => el("tr", {}, cells(line).map((cell) => el("td", {}, cell))));
  return { node: el("div", { class: "scroll", tabindex: "0" }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows))), end };
}

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const node = marked(match);
    if (!node) continue;
    if (match.index > from) nodes.push(...logText(text.slice(from, match.index)));
    nodes.push(node);
    from = match.index + match[0].length;
  }
  return [...nodes, ...logText(text.slice(from))];
}

function marked([, , inCode, strong, starred, lined, label, address]) {
  if (inCode !== undefined) return el("code", {}, logText(inCode));
  if (strong !== undefined) return el("strong", {}, logText(strong));
  if (label !== undefined) return link(label, address);
  return el("em", {}, logText(starred ?? lined));
}

/** A link whose words are followed by its address, so that one sees where it leads; null where it leads nowhere safe. */
function link(label, address) {
  const url = URL.canParse?.(address) ? new URL(address) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) return null;
  return el("a", { href: url.href, rel: "noreferrer noopener", target: "_blank", title: url.href }, logText(label));
}
