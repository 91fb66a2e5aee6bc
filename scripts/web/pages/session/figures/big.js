// What was big in a session? The tool results that took most tokens, and the dearest rounds; each is a way to its round.

import { el } from "../../shared/dom.js";
import { compact, count, money } from "../../shared/text/format.js";
import { beginning, cutInMiddle } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";
import { tellingArgument } from "../rounds/messages.js";
import { reasonsInWords } from "../rounds/reasons.js";

const ARGUMENT = 160;
const SHORT = 32;

/** What stands in the panel, from the server's outline; null where nothing is known. */
export function bigOnes(outline) {
  const { dearest } = outline;
  if (!dearest.length && !outline.largest_results.length) return null;
  return [
    el("h2", {}, t("big.title")),
    outline.largest_results.length ? list(t("big.results"), outline.largest_results.map(resultRow)) : null,
    dearest.length ? list(t("big.dearest"), dearest.map(roundRow)) : null,
  ];
}

function list(title, rows) {
  return [el("h3", {}, title), el("ol", { class: "big-list" }, rows.map((row) => el("li", {}, row)))];
}

/** A tool with what it was asked, and how often what it said was sent again. */
function resultRow({ round, tool, tokens, resent, arguments: asked }) {
  const times = resent > 0 && t("big.resent", { count: resent, times: count(resent) });
  const telling = asked ? tellingArgument(asked) : "";
  const note = telling && el("span", { class: "telling", dir: "auto", title: beginning(telling, ARGUMENT) }, cutInMiddle(telling.slice(0, ARGUMENT), SHORT));
  return link(round, el("bdi", {}, cutInMiddle(tool, 24)), t("big.size", { tokens: compact(tokens) }), [times && el("span", { class: "times" }, times), times && note && " · ", note]);
}

/** A round with why it was dear. */
function roundRow({ round, cost_usd: usd, reasons }) {
  const words = reasonsInWords(reasons);
  return link(round, el("span", { class: "reason", title: words.join(" · ") }, words[0]), money(usd), words.length > 1 && words.slice(1).join(" · "));
}

function link(round, what, size, note) {
  return el("a", { href: `#r${round}`, "aria-label": null }, el("span", { class: "number" }, el("span", { class: "hidden" }, t("round.title", { round: "" })), count(round)), el("span", { class: "what" }, what), el("b", {}, size), note && el("small", {}, note));
}
