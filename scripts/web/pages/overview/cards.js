// What are the six figures that one looks at first, how did they change, and what do they speak for?

import { meter, partsBar } from "../shared/charts.js";
import { el, fill } from "../shared/dom.js";
import { approximateDollars, bounded, compact, cost, count, duration, money, notInIt, percent, picoDollars } from "../shared/format.js";
import { t } from "../shared/texts.js";

const NOTABLE = 0.005;
const MOST_MODELS = 3;

/** Shows the cards; `before` is the equally long span before, or null. */
export function showCards(box, { now, before }, coverage, period) {
  const cards = [
    costCard(now, before),
    tokensCard(now, before),
    cachedCard(now, before),
    sessionsCard(now, before, coverage),
    errorsCard(now, before),
    firstTokenCard(now, before),
  ];
  fill(box, cards.map((card) => shown(card, period)));
}

function shown({ name, label, value, change, aside, bar, foot }, period) {
  return el(
    "article",
    { class: "card", id: `card-${name}` },
    el("h2", {}, label),
    el("p", { class: "value" }, value),
    el("p", { class: "beside" }, change && changed(change, period), aside && el("span", {}, aside)),
    bar,
    el("p", { class: "foot" }, foot),
  );
}

function costCard(now, before) {
  const unpriced = notInIt(now, MOST_MODELS) ?? t("cards.cost.all", { count: now.calls, calls: count(now.calls) });
  return {
    name: "cost",
    label: t("cards.cost"),
    value: now.calls ? cost(now) : money("0"),
    change: before && ratio(approximateDollars(now.cost_usd), approximateDollars(before.cost_usd)),
    foot: now.calls ? [unpriced, now.at_least ? ` · ${t("cards.atLeast", { count: now.at_least, calls: count(now.at_least) })}` : ""] : t("cards.noCalls"),
  };
}

function tokensCard(now, before) {
  const fresh = now.input_tokens - now.cached_tokens;
  const parts = [
    ["part-fresh", fresh],
    ["part-cached", now.cached_tokens],
    ["part-output", now.output_tokens],
  ];
  const split = t("cards.tokens.split", { input: compact(now.input_tokens), output: compact(now.output_tokens) });
  const untold = now.calls_without_tokens;
  return {
    name: "tokens",
    label: t("cards.tokens"),
    value: untold && untold === now.calls ? "–" : bounded(now, compact(now.total_tokens)),
    change: before && ratio(now.total_tokens, before.total_tokens),
    bar: now.total_tokens ? partsBar(parts, split) : null,
    foot: [split, untold ? ` · ${t("cards.tokens.untold", { count: untold, calls: count(untold) })}` : ""],
  };
}

function cachedCard(now, before) {
  const saved = picoDollars(now.cache_savings_usd) ?? 0n;
  const savings = saved > 0n ? t("cards.cached.saved", { money: money(saved) }) : null;
  return {
    name: "cached",
    label: t("cards.cached"),
    value: now.input_tokens ? percent(now.cached_share) : "–",
    change: before && before.input_tokens ? points(now.cached_share, before.cached_share, 1) : null,
    bar: meter(now.cached_share, "part-cached"),
    foot: savings ?? t("cards.cached.of", { tokens: compact(now.input_tokens) }),
  };
}

function sessionsCard(now, before, coverage) {
  const without = coverage?.without_session_id;
  return {
    name: "sessions",
    label: t("cards.sessions"),
    value: count(now.sessions),
    change: before && ratio(now.sessions, before.sessions),
    aside: now.active_now ? t("cards.sessions.active", { count: now.active_now, sessions: count(now.active_now) }) : null,
    foot: [
      t("cards.sessions.calls", { count: now.calls, calls: count(now.calls) }),
      without ? ` · ${t("cards.sessions.without", { count: without, calls: count(without) })}` : "",
    ],
  };
}

function errorsCard(now, before) {
  return {
    name: "errors",
    label: t("cards.errors"),
    value: now.calls ? percent(now.error_share) : "–",
    change: before && before.calls ? points(now.error_share, before.error_share, -1) : null,
    bar: meter(now.error_share, "part-error"),
    foot: [
      t("cards.errors.of", { failed: count(now.failed), calls: count(now.calls) }),
      now.left ? ` · ${t("cards.errors.left", { count: now.left, calls: count(now.left) })}` : "",
    ],
  };
}

function firstTokenCard(now, before) {
  const p95 = now.first_token_p95_ms;
  const calls = now.first_token_calls;
  const of = calls ? t("cards.firstToken.of", { count: calls, calls: count(calls) }) : t("cards.firstToken.streams");
  return {
    name: "first-token",
    label: t("cards.firstToken"),
    value: duration(p95),
    change: before && p95 && before.first_token_p95_ms ? ratio(p95, before.first_token_p95_ms, -1) : null,
    foot: p95 === null ? t("cards.firstToken.none") : now.first_token_sampled ? t("cards.firstToken.sampled") : of,
  };
}

// -- change against the period before -----------------------------------------------------------------------------------

/** How far a count changed; `good` is 1 where more is better, -1 where less is, 0 where neither is. */
function ratio(now, before, good = 0) {
  if (!before) return null;
  return { by: (now - before) / before, text: (by) => percent(Math.abs(by)), good };
}

/** How many percentage points a share changed. */
function points(now, before, good) {
  const by = (now ?? 0) - (before ?? 0);
  return { by, text: (change) => t("cards.points", { points: (Math.abs(change) * 100).toFixed(1) }), good };
}

function changed({ by, text, good }, period) {
  const isSame = Math.abs(by) < 0.0005;
  const tone = Math.abs(by) < NOTABLE || !good ? "" : by * good > 0 ? "better" : "worse";
  const words = isSame ? t("cards.same") : text(by);
  const arrow = isSame ? "" : by > 0 ? "▲ " : "▼ ";
  const sentence = isSame ? t("cards.same") : t(by > 0 ? "cards.up" : "cards.down", { change: words });
  return el(
    "span",
    { class: `change ${tone}`, title: `${sentence} ${period}` },
    el("span", { "aria-hidden": "true" }, `${arrow}${words}`),
    el("span", { class: "hidden" }, `${sentence} ${period}`),
  );
}
