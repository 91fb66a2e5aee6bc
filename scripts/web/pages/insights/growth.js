// Why did this time cost more, or less, than the one before it?

import { el, fill } from "../shared/dom.js";
import { go, sessionAddress } from "../shared/net/address.js";
import { approximateDollars, compact, count, money, picoDollars, time } from "../shared/text/format.js";
import { cutInMiddle, oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { segments } from "../shared/ui/bar.js";
import { swatchOf } from "../shared/ui/colours.js";
import { GROWTH } from "./view.js";

const TEXTS = { model: "by.model", consumer: "by.consumer", route: "by.route", tool: "by.tool", prompt: "by.prompt" };
const PART_TEXTS = { calls: "grew.calls", models: "grew.models", tokens_per_call: "grew.tokensPerCall", cached: "grew.cached", token_price: "grew.tokenPrice" };
const MOST_DEAR = 5;

/** The change in all, row by row with what it is made of, and the dearest rounds. */
export function showGrowth(box, data, wanted) {
  const title = t("grew.title");
  const span = ({ since, until }) => (since && until ? t("grew.span", { since: time(since), until: time(until) }) : t("range.all"));
  fill(
    box,
    el("header", {}, el("h2", {}, title), segments("of", t("grew.by"), GROWTH, TEXTS, wanted.of, (of) => go({ of: of === GROWTH[0] ? null : of }))),
    el("p", { class: "foot" }, t("grew.against", { now: span(data.period), before: span(data.against) })),
    data.by === "tool" ? tools(data) : costs(data, title),
    data.rounds?.length ? [el("h3", {}, t("big.dearest")), el("ol", { class: "dear-rounds" }, data.rounds.slice(0, MOST_DEAR).map(dearRound))] : null,
  );
}

function costs({ rows, total, others, by }, title) {
  if (!total.period.calls && !total.against.calls) return el("p", { class: "none" }, t("insights.noCalls"));
  const head = [t(TEXTS[by]), t("grew.before"), t("grew.now"), t("grew.change"), t("grew.why")];
  const all = [...rows.map((row) => costRow(nameOf(row, by), row)), others ? costRow(t("grew.others"), others) : null];
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, head.map((words, at) => el("th", { scope: "col", class: at && at < 4 ? "number" : null }, words)))),
      el("tbody", {}, all),
      el("tfoot", {}, costRow(t("quickness.all"), total)),
    ),
  );
}

function nameOf(row, by) {
  const name = row[by];
  if (name === null) return el("span", { class: "none" }, t("notNamed"));
  return [by === "model" ? swatchOf(name) : null, el("bdi", { title: oneLine(name), class: by === "prompt" ? "id" : null }, cutInMiddle(name, 44))];
}

function costRow(name, { period, against, change_usd: change, parts_usd: parts }) {
  const spent = ({ calls, cost_usd: usd, unpriced_rounds: unpriced }) => [calls && calls === unpriced ? money(null) : `${money(usd)}${unpriced ? "+" : ""}`, el("small", {}, ` ${t("calls", { count: calls, calls: count(calls) })}`)];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    el("td", { class: "number" }, spent(against)),
    el("td", { class: "number" }, spent(period)),
    el("td", { class: "number change-of" }, signed(change)),
    el("td", {}, el("span", { class: "why-parts" }, whyParts(parts))),
  );
}

/** The parts of a change, the largest first; those that are nothing beside it are left out. */
function whyParts(parts) {
  const known = Object.entries(parts).map(([name, usd]) => [name, usd, Math.abs(approximateDollars(usd))]);
  const all = known.reduce((sum, [, , size]) => sum + size, 0);
  const shown = known.filter(([, , size]) => size > all * 0.03).sort(([, , one], [, , other]) => other - one);
  return shown.map(([name, usd]) => el("span", {}, `${PART_TEXTS[name] ? t(PART_TEXTS[name]) : oneLine(name)} `, el("b", {}, signed(usd))));
}

/** Dollars with their sign. */
function signed(usd) {
  return `${(picoDollars(usd) ?? 0n) > 0n ? "+" : ""}${money(usd)}`;
}

/** By how many tokens more results of tools made prompts longer. */
function tools({ rows }) {
  if (!rows.length) return el("p", { class: "none" }, t("groups.noTools"));
  const head = ["column.tool", "grew.results", "grew.tokens", "grew.change"];
  const more = (tokens) => `${tokens > 0 ? "+" : tokens < 0 ? "−" : ""}${compact(Math.abs(tokens))}`;
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, head.map((key, at) => el("th", { scope: "col", class: at ? "number" : null }, t(key))))),
    el(
      "tbody",
      {},
      rows.map((row) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, el("bdi", { title: oneLine(row.tool) }, cutInMiddle(row.tool, 32))),
          el("td", { class: "number" }, count(row.period.results), el("small", {}, ` ${t("grew.was", { was: count(row.against.results) })}`)),
          el("td", { class: "number" }, compact(row.period.tokens), el("small", {}, ` ${t("grew.was", { was: compact(row.against.tokens) })}`)),
          el("td", { class: "number change-of" }, more(row.change_tokens)),
        ),
      ),
    ),
  );
}

function dearRound({ session_id: id, round, model, cost_usd: usd, at_least: isLeast }) {
  return el(
    "li",
    {},
    el("a", { href: sessionAddress(id, round) }, el("b", {}, `${isLeast ? "≥ " : ""}${money(usd)}`), el("span", { class: "id", dir: "auto" }, cutInMiddle(id, 36), ` #${count(round)}`), model ? el("bdi", {}, cutInMiddle(model, 28)) : null),
  );
}
