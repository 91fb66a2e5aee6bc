// How does each budget stand? A bar of what is spent, with marks for its warning and its limit, and for where its period will end.

import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { sessionAddress } from "../shared/net/address.js";
import { approximateDollars, bounded, cost, count, money, percent, picoDollars, statedMoney, time } from "../shared/text/format.js";
import { cutInMiddle, isolated } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { commands } from "../shared/ui/notices.js";
import { heading, none } from "./parts.js";

const PERIOD_TEXTS = { daily: "budgets.daily", weekly: "budgets.weekly", monthly: "budgets.monthly", total: "budgets.total", session: "budgets.session" };
const LEVELS = { breached: ["critical", "budgets.breached"], warning: ["warning", "budgets.warning"], ok: ["over", "budgets.ok"] };
const DRAWINGS = { breached: "critical", warning: "warning", ok: "tick" };
const PACES = ["day", "hour", "week"];
const PACE_TEXTS = { hour: "budgets.pace.hour", day: "budgets.pace.day", week: "budgets.pace.week" };

/** All budgets, the worst first. */
export function budgetsPanel({ budgets, far, problem }) {
  const order = Object.keys(LEVELS);
  const sorted = [...budgets].sort((one, other) => order.indexOf(one.level) - order.indexOf(other.level));
  const isNone = !budgets.length && !far.length;
  return [
    heading("budgets", t("budgets.title")),
    isNone && !problem ? [none(t("budgets.none")), commands("python3 scripts/cli.py budget set all --daily 5", "python3 scripts/cli.py budget status")] : null,
    sorted.length ? [el("div", { class: "budgets" }, sorted.map(card)), legend()] : null,
    far.map((budget) => el("p", { class: "far" }, t("budgets.far", { name: isolated(budget.name), limit: limitWords(budget) }))),
  ];
}

function card(each) {
  const { budget, level } = each;
  const [severity, words] = LEVELS[level];
  const used = percent(each.used_percent / 100);
  return el(
    "article",
    { class: `budget ${level}` },
    el("header", {}, el("h3", {}, el("bdi", {}, budget.name)), el("span", { class: `severity ${severity}` }, icon(DRAWINGS[level]), t(words, { used }))),
    el("p", { class: "dim" }, [limitWords(budget), whose(budget), each.period ? spanWords(each.period, periodOf(budget)) : null].filter(Boolean).join(" · ")),
    each.session_id ? el("p", {}, el("a", { class: "id", href: sessionAddress(each.session_id) }, el("bdi", {}, cutInMiddle(each.session_id, 40)))) : null,
    bars(each),
    unseen(each),
  );
}

// -- bars ------------------------------------------------------------------------------------------------------------

/** A bar for each limit: dollars, tokens or both. */
function bars(each) {
  const { budget } = each;
  const dollars = dollarsOf(budget);
  const warn = Number.parseInt(budget.warn, 10) / 100;
  const found = [];
  if (dollars) {
    const known = each.cost_usd ?? "0"; // null where no call has a price
    const rest = picoDollars(dollars) - picoDollars(known);
    const shown = { spent: cost({ ...each, unpriced_rounds: each.unseen_calls }), limit: statedMoney(dollars), write: money, key: "cost_usd", rest: restWords(rest < 0n, money(rest < 0n ? -rest : rest)) };
    found.push(bar(each, { ...shown, amount: approximateDollars(known), most: approximateDollars(dollars), warn, of: (text) => approximateDollars(text) }));
  }
  if (budget.tokens) {
    const write = (number) => t("firing.tokens", { count: number, tokens: count(number) });
    const rest = budget.tokens - each.total_tokens;
    const shown = { spent: bounded(each, count(each.total_tokens)), limit: write(budget.tokens), write, key: "total_tokens", rest: restWords(rest < 0, write(Math.abs(rest))) };
    found.push(bar(each, { ...shown, amount: each.total_tokens, most: budget.tokens, warn, of: Number }));
  }
  return found;
}

function restWords(isOver, amount) {
  return t(isOver ? "budgets.over" : "budgets.left", { amount });
}

function bar(each, { spent, limit, write, key, rest, amount, most, warn, of }) {
  const paces = PACES.filter((pace) => each.projected[pace]);
  const expected = paces.length ? of(each.projected[paces[0]][key]) : null;
  const scale = Math.max(most, amount, expected ?? 0) || 1;
  const projected = paces.map((pace) => t(PACE_TEXTS[pace], { amount: write(each.projected[pace][key]) })).join(" · ");
  const words = t("budgets.spent", { spent, limit });
  const label = [words, rest, t("budgets.warnsAt", { share: each.budget.warn }), projected].filter(Boolean).join(". ");
  const track = el("div", { class: "track", role: "img", "aria-label": label });
  if (expected !== null && expected > amount) track.append(part("expected", amount / scale, (expected - amount) / scale));
  track.append(part("spent", 0, Math.max(amount / scale, amount > 0 ? 0.004 : 0)), mark("warn-mark", (most * warn) / scale), mark("limit-mark", most / scale));
  return el("div", { class: "of-limit" }, el("p", { class: "amounts" }, el("b", {}, words), el("span", {}, rest)), track, projected ? el("p", { class: "dim" }, t("budgets.projected", { amounts: projected })) : null);
}

function part(name, from, width) {
  const node = el("span", { class: name });
  node.style.insetInlineStart = `${(100 * from).toFixed(2)}%`;
  node.style.width = `${(100 * Math.min(width, 1 - from)).toFixed(2)}%`;
  return node;
}

function mark(name, at) {
  const node = el("span", { class: name });
  node.style.insetInlineStart = `${(100 * at).toFixed(2)}%`;
  return node;
}

function legend() {
  const one = (name, words) => el("li", {}, el("i", { class: name, "aria-hidden": "true" }), t(words));
  return el("ul", { class: "bar-legend" }, one("spent", "budgets.key.spent"), one("expected", "budgets.key.expected"), one("warn-mark", "budgets.key.warn"), one("limit-mark", "budgets.key.limit"));
}

// -- words -----------------------------------------------------------------------------------------------------------

function periodOf(budget) {
  return [...Object.keys(PERIOD_TEXTS), "rate"].find((period) => period in budget);
}

/** The limit in dollars as text, or null. */
function dollarsOf(budget) {
  const text = budget[periodOf(budget)]?.split("/")[0];
  return text || null;
}

function limitWords(budget) {
  const period = periodOf(budget);
  const tokens = budget.tokens ? t("firing.tokens", { count: budget.tokens, tokens: count(budget.tokens) }) : null;
  const amounts = [dollarsOf(budget) && statedMoney(dollarsOf(budget)), tokens].filter(Boolean).join(" + ");
  if (period !== "rate") return t(PERIOD_TEXTS[period], { amount: amounts });
  return t(budget.rate.endsWith("d") ? "budgets.rate.day" : "budgets.rate.hour", { amount: amounts });
}

function whose({ consumer, model, session_id: session }) {
  const words = [
    consumer ? t("budgets.of.consumer", { pattern: isolated(consumer) }) : null,
    model ? t("budgets.of.model", { pattern: isolated(model) }) : null,
    session ? t("budgets.of.session", { pattern: isolated(session) }) : null,
  ].filter(Boolean);
  return words.join(", ") || t("budgets.of.all");
}

function spanWords({ name, end }, period) {
  return period === "rate" ? null : t("budgets.span", { name, end: time(end) });
}

/** Calls that it cannot count, and why. */
function unseen(each) {
  if (!each.unseen_calls) return null;
  const models = Object.keys(each.unpriced_models).slice(0, 3).map(isolated);
  const why = [...models, each.without_tokens ? t("cost.withoutTokens", { count: each.without_tokens, rounds: count(each.without_tokens) }) : null].filter(Boolean);
  const words = t("budgets.unseen", { count: each.unseen_calls, calls: count(each.unseen_calls) });
  return el("p", { class: "unseen" }, icon("warning"), el("span", {}, el("a", { href: "prices" }, words), why.length ? ` ${why.join(", ")}` : null));
}
