// What has a price, since when and from whom; what has none, and why; and what is stated beside?

import { button, byId, el, fill } from "../shared/dom.js";
import { addressParameters, go, onAddressChange } from "../shared/net/address.js";
import { ask, askEarly } from "../shared/net/api.js";
import { whenQuiet } from "../shared/net/updates.js";
import { assumedIn, cost, count } from "../shared/text/format.js";
import { cutInMiddle, isolated, oneLine } from "../shared/text/log_text.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { watchFiring } from "../shared/ui/firing.js";
import { announce, failure, showInstead, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";
import { told } from "../shared/ui/told.js";

const PAGE_SIZE = 50;
const WHY = {
  no_model: "prices.why.noModel",
  unknown_model: "prices.why.unknown",
  no_price_then: "prices.why.then",
  other_seller: "prices.why.otherSeller",
  own_machine: "prices.why.ownMachine",
  no_tokens: "prices.why.noTokens",
  partly_told: "prices.why.partly",
};
/** Reasons that are no lack of a price. */
const OF_TOKENS = ["no_tokens", "partly_told"];
const COLUMNS = ["prices.input", "prices.output", "prices.cacheRead", "prices.cacheWrite"];
const NUMBERS = ["column.calls", "column.cost", ...COLUMNS];
/** What of a row is wide on a phone. */
const CLASSES = { "column.cost": "of-cost", "prices.vendor": "of-vendor", "prices.from": "of-origin" };
/** Models that are shown before one asks for all. */
const SHOWN = 12;
let asking = new AbortController();
let isUnfolded = false;

function wanted() {
  const asked = addressParameters();
  return { q: asked.get("q") ?? "", offset: Math.max(0, Number.parseInt(asked.get("offset") ?? "0", 10) || 0), limit: PAGE_SIZE };
}

async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const { data } = await ask("prices", wanted(), signal);
    show(data);
    announce(t("prices.meant", { count: data.meant, models: count(data.meant) }));
  } catch (error) {
    if (error.name === "AbortError") return;
    showInstead(failure(error, refresh));
  }
}

function show(data) {
  fill(byId("instead"));
  byId("content").hidden = false;
  fill(byId("used"), usedPanel(data));
  fill(byId("stated"), statedPanel(data));
  fill(byId("known"), knownPanel(data));
}

// -- what the sessions used ----------------------------------------------------------------------------------------

function usedPanel(data) {
  const { used, unpriced, problem } = data;
  const reasons = new Map(unpriced.map((each) => [each.model, each.reasons]));
  const named = used.filter((row) => row.model !== null);
  const rows = named.slice(0, isUnfolded ? Infinity : SHOWN).map((row) => usedCells(row, reasons.get(row.model)));
  const more = named.length - rows.length;
  return [
    el("header", {}, el("h2", {}, t("prices.used"))),
    problem ? el("p", { class: "lacking", dir: "auto" }, t("alerts.prices", { names: isolated(problem) })) : null,
    rows.length ? table(t("prices.used"), ["column.name", "column.calls", "column.cost", ...COLUMNS, "prices.from"], rows) : el("p", { class: "none" }, t("groups.none")),
    more > 0 ? button({ class: "quiet all" }, () => unfold(data), t("groups.more", { count: more, rows: count(more) })) : null,
    unpriced.length ? el("p", { class: "dim" }, t("prices.remedy")) : null,
    el("p", { class: "dim" }, t("prices.byName")),
  ];
}

function unfold(data) {
  isUnfolded = true;
  fill(byId("used"), usedPanel(data));
  byId("used").querySelector(".scroll").focus();
}

/** The cells of a row, each with what it says. */
function usedCells(row, reasons) {
  const lacking = lacks(row, reasons).map((words) => el("small", { class: "lacking" }, words));
  const shown = el("a", { href: `./?range=all&model=${encodeURIComponent(row.model)}`, title: oneLine(row.model) }, el("bdi", {}, cutInMiddle(row.model, 40)));
  const assumed = row.assumed_rounds ? el("small", {}, t("prices.assumed", { rounds: count(row.assumed_rounds) })) : null;
  return [[shown, lacking], count(row.calls), told([cost(row), assumed], assumedIn(row)), ...priceCells(row.price), origin(row.price)];
}

/** Why calls of a row are not in its cost, a line each: no price, no tokens, or a part of them. */
function lacks(row, reasons) {
  const priceless = row.unpriced_rounds - row.without_tokens - row.partly_told;
  const why = Object.keys(reasons ?? (row.why ? { [row.why]: 0 } : {})).filter((each) => !OF_TOKENS.includes(each));
  const reason = why.map((each) => t(WHY[each] ?? "prices.why.unknown")).join("; ");
  const told = (key, number) => (number ? t(key, { count: number, rounds: count(number) }) : null);
  return [
    priceless ? told("prices.without", priceless) + (reason ? `: ${reason}` : "") : null,
    told("prices.noTokens", row.without_tokens),
    told("prices.partly", row.partly_told),
  ].filter(Boolean);
}

function priceCells(price) {
  const row = price?.row;
  return ["input", "output", "cache_read", "cache_write"].map((kind) => {
    const unit = row?.currency && row.currency !== "USD" ? ` ${row.currency}` : "";
    const more = price?.has_more && row?.[kind] ? "*" : "";
    return row?.[kind] ? `${row[kind]}${unit}${more}` : "–";
  });
}

/** From whom a price is, and since when it holds. */
function origin(price) {
  if (!price) return el("span", { class: "none" }, "–");
  const { row } = price;
  if (!row) return t("prices.later");
  const from = price.is_own ? t("prices.own") : (row.source ?? "–");
  const since = row.from ? t("prices.since", { day: row.from }) : row.observed ? t("prices.seen", { day: row.observed }) : "";
  return [from, since ? el("small", {}, since) : null];
}

// -- what is stated ------------------------------------------------------------------------------------------------

function statedPanel({ stated }) {
  const all = t("prices.all");
  const rows = [
    stated.prices ? t("prices.statedPrices", { count: stated.prices, models: count(stated.prices) }) : null,
    ...stated.aliases.map((each) => t("prices.alias", { name: isolated(each.name), model: isolated(each.model) })),
    ...stated.sellers.map((each) => t("prices.seller", { pattern: isolated(each.pattern), seller: isolated(each.seller) })),
    ...stated.discounts.map((each) => t("prices.discount", { percent: each.percent, seller: isolated(each.seller), model: isolated(each.model ?? all), from: each.from ?? "–", until: each.until ?? "–" })),
    ...stated.assumptions.map((each) => t("prices.assumption", { setting: each.setting, value: each.value, model: isolated(each.model ?? all), consumer: isolated(each.consumer ?? all) })),
    ...stated.rates.map((each) => t("prices.rate", { currency: each.currency, usd: each.usd, from: each.from ?? "–" })),
  ].filter(Boolean);
  return [
    el("header", {}, el("h2", {}, t("prices.stated"))),
    rows.length ? el("ul", { class: "stated" }, rows.map((row) => el("li", {}, row))) : el("p", { class: "none" }, t("prices.nothingStated")),
  ];
}

// -- all that are known --------------------------------------------------------------------------------------------

function knownPanel({ rows, meant, total, offset, day }) {
  const body = rows.map((price) => [[el("bdi", {}, price.model), price.note ? el("small", {}, price.note) : null], price.vendor ?? "–", ...priceCells(price), origin(price)]);
  const head = ["column.name", "prices.vendor", ...COLUMNS, "prices.from"];
  return [
    el("p", { class: "dim" }, t("prices.some", { meant: count(meant), total: count(total), day })),
    body.length ? table(t("prices.known"), head, body) : el("p", { class: "none" }, t("prices.none")),
    rows.some((price) => price.has_more) ? el("p", { class: "dim" }, t("prices.more")) : null,
    pager(offset, meant),
  ];
}

function pager(offset, meant) {
  if (meant <= PAGE_SIZE) return null;
  const turn = (to, words, isOff) => button({ disabled: isOff }, () => go({ offset: to || null }), t(words));
  return el(
    "div",
    { class: "pager" },
    turn(Math.max(0, offset - PAGE_SIZE), "prices.former", offset === 0),
    turn(offset + PAGE_SIZE, "prices.next", offset + PAGE_SIZE >= meant),
  );
}

/** A table of these cells; on a phone each row stands by itself, with the names of its columns in it. */
function table(label, head, rows) {
  const classOf = (key) => (NUMBERS.includes(key) ? `number ${CLASSES[key] ?? ""}` : (CLASSES[key] ?? null));
  const titles = head.map((key) => el("th", { scope: "col", role: "columnheader", class: classOf(key) }, t(key)));
  const cell = (content, at) =>
    at
      ? el("td", { role: "cell", class: classOf(head[at]), "data-column": t(head[at]) }, content)
      : el("th", { scope: "row", role: "rowheader" }, content);
  const body = rows.map((cells) => el("tr", { role: "row" }, cells.map(cell)));
  const inside = el("table", { role: "table", "aria-label": label }, el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, titles)), el("tbody", { role: "rowgroup" }, body));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, inside);
}

/** The panels, and the field that searches: it stays while its answers change. */
function frame() {
  const search = whenQuiet(250, () => go({ q: field.value.trim() || null, offset: null }, { replace: true }));
  const field = el("input", { type: "search", id: "words", "aria-label": t("prices.search"), placeholder: t("prices.search"), value: wanted().q, on: { input: search } });
  fill(
    byId("content"),
    el("section", { class: "panel", id: "used" }, skeleton(6)),
    el("section", { class: "panel", id: "stated" }, skeleton(2)),
    el("section", { class: "panel" }, el("header", {}, el("h2", {}, t("prices.known")), field), el("div", { id: "known" }, skeleton(8))),
  );
  return field;
}

askEarly("prices", wanted());
await loadTexts();
document.title = `${t("prices.title")} · ${t("brand")}`;
const field = frame();
showSettings(listenForKeys([["/", t("keys.search"), () => field.focus()], ["t", t("keys.theme"), nextTheme]]));
onAddressChange(refresh);
watchFiring();
await refresh();
