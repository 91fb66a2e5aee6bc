// Where did the money go? Into what was sent again, into what was new, into answers; which messages, and what did the cache do?

import { el } from "../../shared/dom.js";
import { approximateDollars, compact, count, money, percent, picoDollars } from "../../shared/text/format.js";
import { cutInMiddle } from "../../shared/text/log_text.js";
import { basisOf } from "../../shared/findings/words.js";
import { t } from "../../shared/text/texts.js";
import { partsBar } from "../../shared/ui/charts.js";
import { told } from "../../shared/ui/told.js";

const PARTS = {
  resent_read: ["sent.resentRead", "part-cached"],
  resent_paid: ["sent.resentPaid", "part-again"],
  new: ["sent.new", "part-fresh"],
  unjudged: ["sent.unjudged", "part-unjudged"],
  visible: ["part.output", "part-output"],
  reasoning: ["part.reasoning", "part-reasoning"],
};
const CAUSES = {
  prefix_changed: "cause.prefixChanged",
  compacted: "cause.compacted",
  expired: "cause.expired",
  model_changed: "cause.modelChanged",
  upstream_changed: "cause.upstreamChanged",
  parallel: "cause.parallel",
  unmarked: "cause.unmarked",
  provider: "cause.provider",
};
const ROLES = { system: "changed.system", user: "changed.user", model: "changed.model", assistant: "changed.model", result: "changed.tool", tool: "changed.tool" };
const MESSAGES = 4;

/** What stands in the panel, from the server's answer; null where nothing is known. */
export function sentParts({ context, cache }) {
  const shown = Object.entries(PARTS).map(([name, look]) => [...look, context.parts[name]]).filter(([, , part]) => part?.tokens);
  if (!shown.length) return null;
  const dollars = shown.reduce((sum, [, , part]) => sum + approximateDollars(part.cost_usd), 0);
  const amount = ({ tokens, cost_usd: usd }) => (dollars ? approximateDollars(usd) : tokens);
  const { words, note } = basisOf(context.basis);
  return [
    el("h2", {}, t("sent.title"), " ", el("small", { class: `basis ${context.basis}` }, told(words, note))),
    context.resent_percent === null ? null : el("p", { class: "foot" }, t("sent.resent", { share: percent(context.resent_percent / 100) })),
    el("p", { class: "of-bar" }, el("small", {}, t(dollars ? "metric.cost" : "metric.tokens")), partsBar(shown.map(([, className, part]) => [className, amount(part)]), shown.map(([key, , part]) => `${t(key)} ${money(part.cost_usd)}`).join(", "))),
    el(
      "table",
      {},
      el("thead", { class: "hidden" }, el("tr", {}, ["parts.kind", "metric.tokens", "metric.cost"].map((key) => el("th", { scope: "col" }, t(key))))),
      el(
        "tbody",
        {},
        shown.map(([key, className, part]) =>
          el("tr", {}, el("th", { scope: "row" }, el("i", { class: `swatch ${className}` }), t(key)), el("td", { class: "number", title: count(part.tokens) }, compact(part.tokens)), el("td", { class: "number" }, money(part.cost_usd))),
        ),
      ),
    ),
    context.unpriced_rounds ? el("p", { class: "foot" }, t("cost.notInIt", { count: context.unpriced_rounds, rounds: count(context.unpriced_rounds) })) : null,
    dearest(context.messages),
    caching(cache),
  ];
}

/** The messages that cost most over the session. */
function dearest(messages) {
  const dear = messages.filter(({ times }) => times > 1).slice(0, MESSAGES);
  if (!dear.length) return null;
  const row = ({ first_round: round, role, tool, tokens, times, cost_usd: usd }) =>
    el(
      "li",
      {},
      el(
        "a",
        { href: `#r${round}` },
        el("span", { class: "number" }, el("span", { class: "hidden" }, t("round.title", { round: "" })), count(round)),
        el("span", { class: "what" }, tool ? el("bdi", {}, cutInMiddle(tool, 24)) : t(ROLES[role] ?? "changed.user")),
        el("b", {}, money(usd)),
        el("small", {}, t("sent.message", { count: times, times: count(times), tokens: compact(tokens) })),
      ),
    );
  return [el("h3", {}, t("sent.dearest")), el("ol", { class: "big-list" }, dear.map(row))];
}

/** What came from the cache, what should have, and why it did not. */
function caching(cache) {
  if (!cache.told_calls) return cache.untold_calls ? [el("h3", {}, t("kinds.cache")), el("p", { class: "foot" }, t("sent.cacheUntold"))] : null;
  const share = (value) => (value === null ? "–" : percent(value / 100));
  const rows = [
    [t("sent.hit"), [share(cache.hit_percent), cache.later_hit_percent === null ? null : el("small", {}, ` ${t("sent.laterHit", { share: share(cache.later_hit_percent) })}`)]],
    (picoDollars(cache.saved_usd) ?? 0n) > 0n ? [t("sent.saved"), money(cache.saved_usd)] : null,
    (picoDollars(cache.written_usd) ?? 0n) > 0n ? [t("sent.written"), money(cache.written_usd)] : null,
    cache.missed_tokens ? [t("sent.missed"), [`${money(cache.missed_usd)}${cache.unpriced_calls && cache.missed_usd ? "+" : ""}`, el("small", {}, ` ${t("finding.tokens", { count: cache.missed_tokens, tokens: compact(cache.missed_tokens) })}`)]] : null,
    ...cache.causes.map(({ cause, calls, missed_usd: usd }) => [el("span", { class: "cause" }, CAUSES[cause] ? t(CAUSES[cause]) : cause), [money(usd), el("small", {}, ` ${t("calls", { count: calls, calls: count(calls) })}`)]]),
  ];
  return [el("h3", {}, t("kinds.cache")), el("dl", {}, rows.filter(Boolean).map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))))];
}
