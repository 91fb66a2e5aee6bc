// What do the calls of each model, of each consumer, and of each tool add up to?

import { button, byId, el, fill } from "../shared/dom.js";
import { go } from "../shared/net/address.js";
import { compareAddress } from "../shared/net/home.js";
import { viewLink } from "../shared/net/links.js";
import { approximateDollars, assumedIn, bounded, compact, cost, count, percent, picoDollars } from "../shared/text/format.js";
import { oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { meter } from "../shared/ui/charts.js";
import { coloured, swatchOf } from "../shared/ui/colours.js";
import { told } from "../shared/ui/told.js";
import { view } from "./view.js";

const SHOWN = 8;
const MOST_COMPARED = 4;
const unfolded = new Set();

/** The three tables. */
export function showGroups({ by_model: models, by_consumer: consumers, by_tool: tools }) {
  panel("models", t("groups.models"), SUMS, models, (row) => spender("model", row, models), comparison("model", models));
  panel("consumers", t("groups.consumers"), SUMS, consumers, (row) => spender("consumer", row, consumers), comparison("consumer", consumers));
  panel("tools", t("groups.tools"), TOOLS, tools, toolRow);
}

/** The way to the dearest side by side, in the same range and with the other filter; null where there is one alone. */
function comparison(kind, rows) {
  if (rows.length < 2) return null;
  const other = kind === "model" ? "consumer" : "model";
  return compareAddress(kind, rows.slice(0, MOST_COMPARED).map((row) => row[kind] ?? ""), { [other]: view()[other] });
}

const SUMS = ["column.name", "column.sessions", "column.calls", "column.tokens", "column.cached", "column.cost"];
const TOOLS = ["column.tool", "column.sessions", "column.calls", "column.failures", "column.perResult"];

function panel(name, title, columns, rows, cells, compared = null) {
  const box = byId(`by-${name}`);
  const shown = unfolded.has(name) ? rows : rows.slice(0, SHOWN);
  const head = el("tr", {}, columns.map((column, at) => el("th", { scope: "col", class: at ? "number" : null }, t(column))));
  const body = el("table", {}, el("thead", {}, head), el("tbody", {}, shown.map((row) => el("tr", {}, cells(row)))));
  const more = rows.length - shown.length;
  const press = () => {
    unfolded.add(name);
    panel(name, title, columns, rows, cells, compared);
    box.querySelector(".scroll").focus();
  };
  fill(
    box,
    el("header", {}, el("h2", {}, title), compared ? el("a", { class: "compared", href: compared, title: t("groups.compareHint") }, t("groups.compare")) : null),
    rows.length
      ? el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, body)
      : el("p", { class: "none" }, t(name === "tools" ? "groups.noTools" : "groups.none")),
    more > 0 ? button({ class: "quiet all" }, press, t("groups.more", { count: more, rows: count(more) })) : null,
  );
}

/** A row of a model or a consumer; a press on its name filters. */
function spender(kind, row, rows) {
  const name = row[kind];
  const most = Math.max(...rows.map((each) => approximateDollars(each.cost_usd)), 1e-12);
  const isChosen = view()[kind] === name;
  const bar = meter(approximateDollars(row.cost_usd) / most);
  const swatch = kind === "model" ? swatchOf(name) : null;
  const press = () => go({ [kind]: isChosen ? null : name, offset: null });
  const label =
    name === null
      ? el("span", { class: "none" }, swatch, t("notNamed"))
      : button({ class: "name", "aria-pressed": String(isChosen), title: oneLine(name) }, press, swatch, el("bdi", {}, oneLine(name)));
  return [
    el("th", { scope: "row" }, label),
    el("td", { class: "number" }, count(row.sessions)),
    el("td", { class: "number of-calls" }, count(row.calls), ended(row, { [kind]: name, offset: null })),
    el("td", { class: "number" }, row.total_tokens ? bounded(row, compact(row.total_tokens)) : "–"),
    el("td", { class: "number" }, percent(row.cached_share)),
    el("td", { class: "number of-cost" }, told(cost(row), assumedIn(row) ?? whyNothing(row)), kind === "model" ? coloured(bar, name) : bar),
  ];
}

/** Why calls cost nothing at all, where they do: that much is known of one that was refused. */
function whyNothing({ cost_usd: dollars, total_tokens: tokens }) {
  return picoDollars(dollars) === 0n && !tokens ? t("groups.free") : null;
}

/** How many calls failed, and how many were left: each leads to the sessions that have them. */
function ended({ failed, left }, changes) {
  const link = (outcome, words) => el("small", {}, " ", viewLink({ ...changes, outcome }, { class: outcome }, words));
  return [
    failed ? link("failed", t("groups.failed", { failed: count(failed) })) : null,
    left ? link("left", t("groups.left", { left: count(left) })) : null,
  ];
}

function toolRow(row) {
  return [
    el("th", { scope: "row" }, el("bdi", { title: oneLine(row.tool) }, oneLine(row.tool))),
    el("td", { class: "number" }, count(row.sessions)),
    el("td", { class: "number" }, count(row.calls)),
    el("td", { class: "number" }, row.failed ? el("span", { class: "failed" }, count(row.failed)) : "0", row.results ? el("small", {}, ` ${percent(row.failed / row.results)}`) : null),
    el("td", { class: "number" }, row.measured ? compact(Math.round(row.tokens / row.measured)) : "–"),
  ];
}
