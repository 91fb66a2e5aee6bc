// How do the sides stand beside each other: a small chart for each figure that matters, and a table of all?

import { el } from "../shared/dom.js";
import { assumedIn, compact, bounded, cost, count, notInIt } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { told } from "../shared/ui/told.js";
import { CARDS, GROUPS, difference, letter, sentence, whyNot } from "./measures.js";
import { listOf } from "./view.js";

/** The letter of a side, in its colour. */
export function key(at) {
  return el("i", { class: `key side-${at}` }, letter(at));
}

/** A figure of a side, or that it is not known, and why. */
function figure(measure, side) {
  if (measure.value(side) === null) return el("span", { class: "none" }, told(t("money.unknown"), whyNot(measure, side)));
  return told(measure.shown(side), measure.note(side));
}

// -- charts --------------------------------------------------------------------------------------------------------

/** The small charts. */
export function charts(sides) {
  return el("div", { class: "measures" }, CARDS.map((measure) => chart(measure, sides)));
}

function chart(measure, sides) {
  const most = Math.max(...sides.map((side) => measure.value(side) ?? 0), 0);
  const rows = sides.map((side, at) => {
    const bar = el("span", { class: `amount side-${at}`, "aria-hidden": "true" }, el("span", {}));
    bar.firstChild.style.width = `${most ? (100 * (measure.value(side) ?? 0)) / most : 0}%`;
    return el("div", {}, el("dt", {}, key(at)), el("dd", {}, bar, el("span", { class: "figure" }, figure(measure, side))));
  });
  return el(
    "article",
    { class: "panel measure" },
    el("h2", {}, t(measure.label)),
    el("p", { class: "said" }, sentence(measure, sides) || "\u00a0"),
    el("dl", {}, rows),
  );
}

// -- the table -----------------------------------------------------------------------------------------------------

const TOTALS = [
  ["column.cost", (side) => told(side.calls ? cost(side) : t("money.unknown"), side.calls ? [assumedIn(side), notInIt(side)].filter(Boolean).join("\n") : t("compare.why.noCalls"))],
  ["column.calls", counted("calls", "")],
  ["column.sessions", counted("sessions", "")],
  ["compare.failedCalls", counted("failed", "failed")],
  ["compare.leftCalls", counted("left", "left")],
  ["compare.input", sum("input_tokens")],
  ["compare.output", sum("output_tokens")],
];

function sum(name) {
  return (side) => {
    const why = !side.calls ? "compare.why.noCalls" : side.without_tokens === side.calls ? "compare.why.noTokens" : null;
    return why ? el("span", { class: "none" }, told(t("money.unknown"), t(why))) : bounded(side, compact(side[name]));
  };
}

/** A count, and the way to what it counts. */
function counted(name, outcome) {
  return (side, at, wanted) => {
    const href = side[name] ? addressOf(wanted, side, at, outcome) : null;
    return href ? el("a", { href, class: outcome || null }, count(side[name])) : count(side[name]);
  };
}

/** Where the calls of a side are looked at: in the list, or in the session itself. */
export function addressOf(wanted, side, at, outcome = "") {
  return wanted.of === "session" ? side.href : listOf(wanted, side, at, outcome);
}

/** All measures, a column for each side. */
export function table(sides, wanted, nameOf) {
  const head = sides.map((side, at) => el("th", { scope: "col", class: "number" }, key(at), " ", el("bdi", {}, nameOf(side, at, 24))));
  const groups = GROUPS.map(([heading, measures]) => group(heading, sides, measures.map((measure) => ofMeasure(measure, sides))));
  const totals = TOTALS.map(([label, shown]) => [label, sides.map((side, at) => shown(side, at, wanted))]);
  const all = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("compare.measure")), head)),
    groups,
    group("compare.totals", sides, totals),
  );
  return el(
    "section",
    { class: "panel", id: "all" },
    el("header", {}, el("h2", {}, t("compare.all")), el("p", { class: "foot" }, t("compare.work"))),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("compare.all") }, all),
    el("p", { class: "foot" }, t("compare.about")),
  );
}

function ofMeasure(measure, sides) {
  const cells = sides.map((side, at) => {
    const against = at ? difference(measure, sides[0], side) : null;
    return [figure(measure, side), against ? el("small", {}, against.short) : null];
  });
  return [measure.label, cells];
}

function group(heading, sides, rows) {
  const title = el("tr", { class: "heading" }, el("th", { scope: "rowgroup", colspan: sides.length + 1 }, t(heading)));
  const row = ([label, cells]) => el("tr", {}, el("th", { scope: "row" }, t(label)), cells.map((cell) => el("td", { class: "number" }, cell)));
  return el("tbody", {}, title, rows.map(row));
}
