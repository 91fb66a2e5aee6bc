// What is said in the place of what cannot be shown: nothing there, an error, not for this link, still loading?

import { button, byId, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../text/texts.js";

/** A friendly box: a heading, what to know or to do, and perhaps something to press. */
export function notice(kind, heading, ...rest) {
  return el("div", { class: `notice ${kind}` }, icon(ICONS[kind]), el("h2", {}, heading), rest);
}

/** Shows such boxes in the place of the page's content. */
export function showInstead(...boxes) {
  byId("content").hidden = true;
  fill(byId("instead"), boxes);
}

const ICONS = { empty: "search", failed: "error", locked: "lock", waiting: "clock" };

/** Commands that somebody can copy into a terminal. */
export function commands(...lines) {
  return el("pre", { class: "commands", tabindex: "0" }, el("code", {}, lines.join("\n")));
}

/** What went wrong, with a way to try again; what only takes its time, such as what `waiting` says, is tried again by itself. */
export function failure(error, again, { waiting = null } = {}) {
  if (error.status === 503 && error.wait !== null) {
    setTimeout(again, error.wait);
    const done = error.progress === null ? null : el("progress", { value: error.progress, max: 1, "aria-label": t("waiting.label") });
    return notice("waiting", t("waiting.title"), el("p", { dir: "auto" }, WAITING_TEXTS[error.code] ? t(WAITING_TEXTS[error.code]) : (waiting ?? t("waiting.answer"))), done);
  }
  if (error.status === 401) return notice("locked", t("locked.title"), el("p", {}, t("locked.key")));
  const why = error.status === 0 ? t("failed.unreachable") : error.message || t("failed.unknown");
  return notice(
    "failed",
    t("failed.title"),
    el("p", { dir: "auto" }, why),
    again && button({ class: "primary" }, again, t("failed.again")),
  );
}

const WAITING_TEXTS = { making_index: "waiting.index", making_search_index: "waiting.search", no_data: "waiting.noData" };

/** Grey bars where text will be. */
export function skeleton(lines) {
  return Array.from({ length: lines }, (_, line) => el("div", { class: `skeleton w${line % 4}`, "aria-hidden": "true" }));
}

/** Says something to those who do not see the screen. */
export function announce(text) {
  const region = byId("said");
  if (region) fill(region, text);
}
