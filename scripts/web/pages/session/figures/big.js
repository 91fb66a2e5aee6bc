// What was big in a session? The tool results that took most tokens, and the dearest rounds; each is a way to its round.

import { el } from "../../shared/dom.js";
import { approximateDollars, compact, count, money } from "../../shared/text/format.js";
import { cutInMiddle } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";

const MOST = 5;

/** What stands in the panel, from the server's outline; null where nothing is known. */
export function bigOnes(outline) {
  const dearest = outline.costs_usd
    .map((usd, at) => ({ usd, round: at + 1, dollars: usd === null ? 0 : approximateDollars(usd) }))
    .filter(({ dollars }) => dollars > 0)
    .sort((one, other) => other.dollars - one.dollars)
    .slice(0, MOST);
  if (!dearest.length && !outline.largest_results.length) return null;
  return [
    el("h2", {}, t("big.title")),
    outline.largest_results.length ? list(t("big.results"), outline.largest_results.map(resultRow)) : null,
    dearest.length ? list(t("big.dearest"), dearest.map(({ round, usd }) => roundRow(round, usd, outline.added_tokens[round - 1]))) : null,
  ];
}

function list(title, rows) {
  return [el("h3", {}, title), el("ol", { class: "big-list" }, rows.map((row) => el("li", {}, row)))];
}

function resultRow({ round, tool, tokens, resent }) {
  const times = resent > 0 && t("big.resent", { count: resent, times: count(resent) });
  return link(round, el("bdi", {}, cutInMiddle(tool, 24)), t("big.size", { tokens: compact(tokens) }), times);
}

function roundRow(round, usd, added) {
  return link(round, typeof added === "number" && added > 0 ? t("big.added", { tokens: compact(added) }) : "", money(usd), null);
}

function link(round, what, size, note) {
  return el("a", { href: `#r${round}`, "aria-label": null }, el("span", { class: "number" }, el("span", { class: "hidden" }, t("round.title", { round: "" })), count(round)), el("span", { class: "what" }, what), el("b", {}, size), note && el("small", {}, note));
}
