// How quickly and how reliably were calls answered, by model, upstream, hour or consumer?

import { el, fill } from "../shared/dom.js";
import { go } from "../shared/net/address.js";
import { approximateDollars, count, duration, money, percent } from "../shared/text/format.js";
import { cutInMiddle, oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { meter } from "../shared/ui/charts.js";
import { swatchOf } from "../shared/ui/colours.js";
import { segments } from "../shared/ui/bar.js";
import { QUICKNESS } from "./view.js";

const TEXTS = { model: "by.model", upstream: "by.upstream", hour: "by.hour", consumer: "by.consumer" };
const COLUMNS = [
  ["column.calls", "number"],
  ["quickness.firstToken", "number"],
  ["quickness.firstTokenMost", "number"],
  ["quickness.duration", "number"],
  ["quickness.durationMost", "number"],
  ["quickness.pace", "number"],
  ["column.failures", "number"],
  ["quickness.lost", "number"],
];
const SHOWN = 24;

/** The table, with the same of all calls at its end. */
export function showQuickness(box, data, wanted) {
  const rows = data.rows.slice(0, SHOWN);
  const slowest = Math.max(...rows.map((row) => row.latency.first_token_p95_ms ?? 0), 1);
  const head = el("tr", {}, el("th", { scope: "col" }, t(TEXTS[data.by])), COLUMNS.map(([key, className]) => el("th", { scope: "col", class: className }, t(key))));
  const title = t("quickness.title");
  fill(
    box,
    el("header", {}, el("h2", {}, title), segments("by", t("quickness.by"), QUICKNESS, TEXTS, wanted.by, (by) => go({ by: by === QUICKNESS[0] ? null : by }))),
    data.total.calls
      ? el(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
          el("table", {}, el("thead", {}, head), el("tbody", {}, rows.map((row) => tableRow(nameOf(row, data.by), row, slowest))), rows.length > 1 ? el("tfoot", {}, tableRow(t("quickness.all"), data.total, slowest)) : null),
        )
      : el("p", { class: "none" }, t("insights.noCalls")),
    el("p", { class: "foot" }, t("quickness.note")),
  );
}

function nameOf(row, by) {
  const name = row[by];
  if (name === null) return el("span", { class: "none" }, t("notNamed"));
  return [by === "model" ? swatchOf(name) : null, el("bdi", { title: oneLine(name) }, cutInMiddle(name, 44))];
}

function tableRow(name, row, slowest) {
  const { latency } = row;
  const codes = Object.entries(row.failed_codes).map(([code, number]) => `${code === "not_told" ? t("quickness.codeUntold") : code}: ${count(number)}`);
  const ms = (value) => (value === null ? "–" : duration(value));
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    el("td", { class: "number" }, count(row.calls)),
    el("td", { class: "number" }, ms(latency.first_token_p50_ms)),
    el("td", { class: "number", title: latency.first_token_max_ms === null ? null : t("quickness.longest", { time: duration(latency.first_token_max_ms) }) }, ms(latency.first_token_p95_ms), latency.first_token_p95_ms ? meter(latency.first_token_p95_ms / slowest) : null),
    el("td", { class: "number" }, ms(latency.duration_p50_ms)),
    el("td", { class: "number", title: latency.duration_max_ms === null ? null : t("quickness.longest", { time: duration(latency.duration_max_ms) }) }, ms(latency.duration_p95_ms)),
    el("td", { class: "number" }, latency.output_tokens_per_second === null ? "–" : count(Math.round(latency.output_tokens_per_second))),
    el("td", { class: "number", title: codes.join(" · ") || null }, row.failed ? [el("span", { class: "failed" }, count(row.failed)), el("small", {}, ` ${percent(row.failed_share)}`)] : "0"),
    el("td", { class: "number" }, lostOf(row)),
  );
}

/** What was paid for and reached nobody; of calls without a price that is not known. */
function lostOf({ lost_calls: calls, lost_usd: usd, lost_unpriced_calls: unpriced }) {
  if (!calls) return "–";
  const more = unpriced ? "+" : "";
  return el("span", { title: t("quickness.lostNote", { count: calls, calls: count(calls) }) }, approximateDollars(usd) || !unpriced ? `${money(usd)}${more}` : money(null));
}
