// What is looked for besides budgets, by which limits, and what is told to nobody for a while?

import { el } from "../shared/dom.js";
import { severityName } from "../shared/text/alert_words.js";
import { count, money, percent, time } from "../shared/text/format.js";
import { isolated, oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { heading } from "./parts.js";

const ABOUT = {
  failed_share: "firing.rule.failedShare",
  dear_session: "firing.rule.dearSession",
  long_session: "firing.rule.longSession",
  stuck_agent: "firing.rule.stuckAgent",
  cache_broken: "firing.rule.cacheBroken",
  unread_log: "firing.rule.unreadLog",
  lost_calls: "firing.rule.lostCalls",
  unpriced_model: "firing.rule.unpricedModel",
};
const LIMITS = { severity: "firing.limit.severity", share: "firing.limit.share", minutes: "firing.limit.minutes", calls: "firing.limit.calls", usd: "firing.limit.usd", rounds: "firing.limit.rounds", tokens: "firing.limit.tokens" };

/** The rules with their limits, and the silences. */
export function rulesPanel({ rules, silences }) {
  const row = ({ rule, about, limits, usual }) =>
    el(
      "li",
      {},
      el("span", {}, ABOUT[rule] ? t(ABOUT[rule]) : oneLine(about), " ", el("small", { class: "id" }, rule)),
      el("span", { class: limits ? null : "none" }, limits ? inWords(limits) : t("firing.off"), usual ? null : el("small", {}, " ", t("firing.own"))),
    );
  const silence = ({ rule, until }) => el("li", {}, t("firing.silentUntil", { rule: isolated(rule), time: time(until) }));
  return [
    heading("rules", t("firing.rules"), t("firing.budgetsToo")),
    el("ul", { class: "pairs" }, rules.map(row)),
    silences.length ? [el("h3", {}, t("firing.silences")), el("ul", { class: "silences" }, silences.map(silence))] : null,
    el("p", { class: "dim" }, t("firing.howRules")),
  ];
}

function inWords(limits) {
  const words = Object.entries(limits).map(([name, number]) => t(LIMITS[name] ?? "firing.limit.other", { count: Number(number), number: shown(name, number), name }));
  return words.join(" · ") || t("firing.on");
}

function shown(name, number) {
  if (name === "severity") return severityName(number);
  if (name === "share") return percent(number / 100);
  return name === "usd" ? money(String(number)) : count(number);
}
