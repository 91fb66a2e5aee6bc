// Which sessions are there? A page of them, in the order that the reader wants.

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { go, sessionAddress } from "../shared/net/address.js";
import { timeAgo } from "../shared/text/ago.js";
import { assumedIn, bounded, compact, cost, count, notInIt, percent, picoDollars } from "../shared/text/format.js";
import { cutInMiddle, oneLine } from "../shared/text/log_text.js";
import { nameOf, statusName, titleOf } from "../shared/text/session_names.js";
import { t } from "../shared/text/texts.js";
import { meter, sparkline } from "../shared/ui/charts.js";
import { marksOf, notesCount } from "../shared/ui/noted.js";
import { told } from "../shared/ui/told.js";
import { PAGE_SIZE, isPart, view } from "./view.js";

const MOST_TAGS = 2;
const ORDER_TEXTS = {
  updated: "order.updated",
  created: "order.created",
  cost: "order.cost",
  tokens: "order.tokens",
  rounds: "order.rounds",
};
/** The columns: a text, the server's order where it can be sorted by, and a class. */
const COLUMNS = [
  ["column.session", null, "of-session"],
  ["column.models", null, "of-models"],
  ["column.rounds", "rounds", "number of-rounds"],
  ["column.failures", null, "of-failed"],
  ["column.context", null, "of-context"],
  ["column.cached", null, "number of-cached"],
  ["column.tokens", "tokens", "number of-tokens"],
  ["column.cost", "cost", "number of-cost"],
  ["column.updated", "updated", "of-updated"],
];

/** The head of the panel, the table, and the pager. */
export function showSessions(box, { sessions, meant, total }, isRedacted) {
  const wanted = view();
  const howMany = meant === total ? t("sessions.all", { count: total, sessions: count(total) }) : t("sessions.some", { meant: count(meant), total: count(total) });
  fill(
    box,
    el("header", {}, el("h2", {}, t("sessions.title"), el("small", {}, howMany), isPart(wanted) ? el("small", {}, t("sessions.within")) : null), el("div", { class: "tools" }, el("span", { id: "findings" }), orderBox(wanted))),
    el(
      "table",
      { class: "sessions", role: "table", "aria-label": t("sessions.title") },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, COLUMNS.map((column) => heading(column, wanted)))),
      el("tbody", { role: "rowgroup" }, sessions.map((session) => row(session, isRedacted))),
    ),
    pager(wanted.offset, sessions.length, meant),
  );
}

/** Moves to the next or the former session of the table. */
export function stepSession(box, by) {
  const links = [...box.querySelectorAll("a.session-link")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

/** Turns the page of the table. */
export function turnPage(box, by) {
  box.querySelector(by > 0 ? ".pager .next:not([disabled])" : ".pager .former:not([disabled])")?.click();
}

// -- rows ---------------------------------------------------------------------------------------------------------------

function row(session, isRedacted) {
  const cells = [
    who(session, isRedacted),
    names(session.models, 26),
    [count(session.messages_count), ofWhole(session, (row) => row.messages_count, count)],
    ended(session),
    contextOf(session),
    [session.total_input_tokens ? [meter(session.cached_share, "part-cached"), percent(session.cached_share)] : none()],
    [session.total_tokens ? bounded(session, compact(session.total_tokens)) : none(), ofWhole(session, (row) => row.total_tokens, compact)],
    [el("span", { class: "amount" }, told(cost(session), remarksOn(session))), ofWhole(session, (row) => picoDollars(row.cost_usd) ?? 0n, () => cost(session.whole))],
    [timeAgo(session.updated_at)],
  ];
  return el(
    "tr",
    { role: "row" },
    cells.map((cell, at) => el("td", { role: "cell", class: COLUMNS[at][2], "data-column": t(COLUMNS[at][0]) }, cell)),
  );
}

/** The title, a link that lies under the whole row, so that a press anywhere opens it; who called, and the id. */
function who(session, isRedacted) {
  const status = statusName(session.status);
  const consumers = session.consumers.map(oneLine).join(", ");
  return el(
    "div",
    { class: "which" },
    el("span", { class: `status ${session.status}`, title: status }, el("span", { class: "hidden" }, status)),
    el(
      "span",
      { class: "who" },
      el("a", { class: `session-link${session.title || nameOf(session) ? "" : " untitled"}`, href: sessionAddress(session.session_id), dir: "auto", title: session.title ? oneLine(session.title) : null }, titleOf(session, isRedacted)),
      el("span", { class: "sub" }, el("span", { class: "found-in", "data-session": session.session_id }), marksOf(session.noted, MOST_TAGS), notesCount(session.noted), consumers ? el("bdi", { class: "consumers", title: consumers }, cutInMiddle(consumers, 28)) : null, el("span", { class: "id", title: oneLine(session.session_id), dir: "auto" }, cutInMiddle(session.session_id, 44))),
    ),
  );
}

/** What is to be known of a row's cost: what has no price, and what was assumed. */
function remarksOn(session) {
  return [notInIt(session), assumedIn(session)].filter(Boolean).join("\n") || null;
}

/** What the whole session has, where the calls that are meant are a part of it. */
function ofWhole(session, figure, inWords) {
  const whole = figure(session.whole);
  return whole > figure(session) ? el("small", { class: "whole", title: t("sessions.wholeHint") }, t("sessions.whole", { amount: inWords(whole) })) : null;
}

/** How many rounds failed, with a link to the first of them, and how many were left. */
function ended({ session_id: id, failed_count: failed, left_count: left, first_failed: first }) {
  const words = (text, number) => t(text, { count: number, rounds: count(number) });
  return [
    failed ? el("a", { class: "failed", href: sessionAddress(id, first) }, icon("error"), words("failedRounds", failed)) : null,
    left ? el("span", { class: "left", title: words("leftRounds", left) }, icon("exit"), el("span", { "aria-hidden": "true" }, count(left)), el("span", { class: "hidden" }, words("leftRounds", left))) : null,
  ];
}

/** How the context grew; calls that tell no tokens tell no size. */
function contextOf(session) {
  const sizes = session.context.filter((size) => size > 0);
  return sizes.length ? sparkline(sizes, t("sessions.context", { tokens: compact(sizes[sizes.length - 1]) })) : none();
}

/** The first of some names, and how many more there are. */
function names(all, most) {
  if (!all.length) return none();
  const more = all.length > 1 ? el("span", { class: "more" }, ` +${all.length - 1}`) : null;
  return [el("bdi", { title: all.map(oneLine).join(", ") }, cutInMiddle(all[0], most)), more];
}

function none() {
  return el("span", { class: "none" }, "–");
}

// -- order and pages ------------------------------------------------------------------------------------------------------

function heading([text, order, className], wanted) {
  const isSorted = order === wanted.sort;
  const direction = isSorted ? (wanted.reverse ? "ascending" : "descending") : null;
  const words = t(text);
  const press = () => go({ sort: order === "updated" ? null : order, reverse: isSorted && !wanted.reverse ? "1" : null, offset: null });
  return el(
    "th",
    { role: "columnheader", scope: "col", class: className, "aria-sort": order ? (direction ?? "none") : null },
    order ? button({ class: "sort" }, press, words, el("span", { class: "arrow", "aria-hidden": "true" }, direction === "ascending" ? "↑" : direction ? "↓" : "")) : words,
  );
}

/** The same choice as a box: on a phone the table has no headings. */
function orderBox(wanted) {
  const select = el(
    "select",
    { class: "quiet order", "aria-label": t("order.label"), on: { change: () => go({ sort: select.value === "updated" ? null : select.value, reverse: null, offset: null }) } },
    Object.entries(ORDER_TEXTS).map(([order, text]) => el("option", { value: order, selected: order === wanted.sort }, t(text))),
  );
  return select;
}

function pager(offset, shown, meant) {
  if (meant <= PAGE_SIZE && !offset) return null;
  const to = (at) => () => go({ offset: at > 0 ? at : null });
  const span = t("pager.span", { from: count(shown ? offset + 1 : offset), to: count(offset + shown), all: count(meant) });
  return el(
    "nav",
    { class: "pager", "aria-label": t("pager.label") },
    button({ class: "former", disabled: offset <= 0 }, to(offset - PAGE_SIZE), icon("left"), t("pager.former")),
    el("span", {}, span),
    button({ class: "next", disabled: offset + shown >= meant }, to(offset + PAGE_SIZE), t("pager.next"), icon("right")),
  );
}
