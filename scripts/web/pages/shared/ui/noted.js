// What do people note of a session? Their words are text, and nothing else.

import { el } from "../dom.js";
import { timeAgo } from "../text/ago.js";
import { count } from "../text/format.js";
import { cutInMiddle, logText, oneLine } from "../text/log_text.js";
import { t } from "../text/texts.js";

/** The star, that it is archived, and the tags, the first ones of many; nothing where there is none of these. */
export function marksOf(noted, most = noted?.tags.length) {
  if (!noted) return [];
  const more = noted.tags.slice(most);
  return [
    noted.starred ? el("span", { class: "star", title: t("noted.star") }, el("span", { "aria-hidden": "true" }, "★"), el("span", { class: "hidden" }, t("noted.star"))) : null,
    noted.archived ? el("span", { class: "tag is-archived" }, t("noted.archived")) : null,
    ...noted.tags.slice(0, most).map((tag) => el("bdi", { class: "tag", title: oneLine(tag) }, `#${cutInMiddle(tag, 24)}`)),
    more.length ? el("span", { class: "tag", title: more.map((tag) => `#${oneLine(tag)}`).join(" ") }, `+${count(more.length)}`) : null,
  ].filter(Boolean);
}

/** How many notes there are, the last one when one points at it. */
export function notesCount(noted) {
  if (!noted?.notes.length) return null;
  const last = noted.notes[noted.notes.length - 1];
  return el("span", { class: "tag", title: oneLine(last.text).slice(0, 300) }, t("noted.notes", { count: noted.notes.length, notes: count(noted.notes.length) }));
}

/** All notes, each with its time; many are folded, unless `isOpen` says how they were before. */
export function notesOf(noted, isOpen = (noted?.notes.length ?? 0) <= 3) {
  if (!noted?.notes.length) return null;
  const heading = t("noted.notes", { count: noted.notes.length, notes: count(noted.notes.length) });
  return el(
    "details",
    { class: "noted-list", open: isOpen },
    el("summary", {}, heading),
    el("ol", {}, noted.notes.map((note) => el("li", {}, el("small", {}, timeAgo(note.at)), el("div", { class: "noted-text", dir: "auto" }, logText(note.text))))),
  );
}
