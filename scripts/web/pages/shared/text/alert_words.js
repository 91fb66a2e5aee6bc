// How is an alert told, in the reader's language? By what it is of; one of a kind that is not known here says it in its own words.

import { count, money, percent, statedMoney } from "./format.js";
import { isolated, oneLine } from "./log_text.js";
import { t } from "./texts.js";

const BUDGET = "budget:";
const EVER = "ever";
const SEVERITY_TEXTS = { critical: "severity.critical", warning: "severity.warning", info: "severity.info" };
const TITLES = {
  failed_share: "firing.failedShare",
  dear_session: "firing.dearSession",
  long_session: "firing.longSession",
  stuck_agent: "firing.stuckAgent",
  cache_broken: "firing.cacheBroken",
  unread_log: "firing.unreadLog",
  lost_calls: "firing.lostCalls",
  unpriced_model: "firing.unpricedModel",
};
const TOLD = {
  failed_share: "firing.failedShare.told",
  dear_session: "firing.dearSession.told",
  long_session: "firing.longSession.told",
  stuck_agent: "firing.stuckAgent.told",
  cache_broken: "firing.cacheBroken.told",
  unread_log: "firing.unreadLog.told",
  lost_calls: "firing.lostCalls.told",
  unpriced_model: "firing.unpricedModel.told",
};

/** How grave it is, in a word. */
export function severityName(severity) {
  return t(SEVERITY_TEXTS[severity] ?? "severity.info");
}

/** What it is, on one line. */
export function alertTitle({ rule, severity, title, model }) {
  if (rule.startsWith(BUDGET)) return t(severity === "critical" ? "firing.budget.breached" : "firing.budget.near", { name: isolated(rule.slice(BUDGET.length)) });
  // What was delivered does not say which model it was of, but in its title.
  if (!TITLES[rule] || (rule === "unpriced_model" && !model)) return oneLine(title);
  return t(TITLES[rule], { model: isolated(model ?? "") });
}

/** How much it is, of which limit, and when; an empty text where that says nothing. */
export function alertText({ rule, severity, period, session, value, limit, unit, text }) {
  const values = { count: Number(value), value: amount(value, unit), limit: unit === "USD" && limit !== null ? statedMoney(limit) : amount(limit, unit) };
  if (!rule.startsWith(BUDGET)) return TOLD[rule] && value !== null ? t(TOLD[rule], values) : oneLine(text);
  // It has another limit, which is used up.
  if (value === null || (severity === "critical" && Number(value) < Number(limit))) return "";
  const isOfSpan = period !== EVER && period !== session;
  return isOfSpan ? t("firing.budget.spentIn", { ...values, period: isolated(period) }) : t("firing.budget.spent", values);
}

/** A number that came as text, with its unit where that is not in the sentence. */
function amount(number, unit) {
  if (number === null) return "–";
  if (unit === "USD") return money(number);
  if (unit === "%") return percent(Number(number) / 100);
  return unit === "tokens" ? t("firing.tokens", { count: Number(number), tokens: count(Number(number)) }) : count(Number(number));
}
