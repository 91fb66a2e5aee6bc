// What are the six figures that one looks at first, how did they change, and what were they before?

import { el, fill } from "../shared/dom.js";
import { viewLink } from "../shared/net/links.js";
import { approximateDollars, assumedIn, bounded, compact, cost, count, duration, inAndOut, money, notInIt, percent, picoDollars } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { told } from "../shared/ui/told.js";
import { ACTIVE_NOW } from "./view.js";

const NOTABLE = 0.005;
const MOST_MODELS = 3;

/** Shows the cards; `before` is the equally long span before, or null, and `period` what that is called. */
export function showCards(box, { now, before }, coverage, period) {
  const former = before?.calls ? before : null;
  const cards = [
    costCard(now, former, period),
    tokensCard(now, former),
    cachedCard(now, former),
    sessionsCard(now, former, coverage),
    errorsCard(now, former),
    firstTokenCard(now, former),
  ];
  fill(box, cards.map((card) => shown(card, period)));
}

function shown({ name, label, value, change, aside, foot }, period) {
  return el(
    "article",
    { class: "card", id: `card-${name}` },
    el("h2", {}, label),
    el("p", { class: "figure" }, el("span", { class: "value" }, value), el("span", { class: "beside" }, aside, change && changed(change, period))),
    el("p", { class: "foot" }, foot),
  );
}

/** Parts of a note, those that are there, with dots between. */
function noted(...parts) {
  return parts.filter(Boolean).flatMap((part, at) => (at ? [" · ", part] : [part]));
}

function costCard(now, before, period) {
  const was = before ? t("cards.was", { amount: cost(before), period }) : null;
  const all = t("cards.cost.all", { count: now.calls, calls: count(now.calls) });
  const least = now.at_least ? t("cards.atLeast", { count: now.at_least, calls: count(now.at_least) }) : null;
  return {
    name: "cost",
    label: t("cards.cost"),
    value: now.calls ? told(cost(now), assumedIn(now)) : money("0"),
    change: before && ratio(approximateDollars(now.cost_usd), approximateDollars(before.cost_usd)),
    foot: now.calls ? noted(notInIt(now, MOST_MODELS) ?? was ?? all, least) : t("cards.noCalls"),
  };
}

function tokensCard(now, before) {
  const untold = now.calls_without_tokens;
  return {
    name: "tokens",
    label: t("cards.tokens"),
    value: untold && untold === now.calls ? "–" : bounded(now, compact(now.total_tokens)),
    change: before && ratio(now.total_tokens, before.total_tokens),
    foot: noted(
      inAndOut(now, now.input_tokens, now.output_tokens),
      untold ? t("cards.tokens.untold", { count: untold, calls: count(untold) }) : null,
    ),
  };
}

function cachedCard(now, before) {
  const saved = picoDollars(now.cache_savings_usd) ?? 0n;
  return {
    name: "cached",
    label: t("cards.cached"),
    value: now.input_tokens ? percent(now.cached_share) : "–",
    change: before && before.input_tokens ? points(now.cached_share, before.cached_share, 1) : null,
    foot: saved > 0n ? t("cards.cached.saved", { money: money(saved) }) : t("cards.cached.of", { tokens: compact(now.input_tokens) }),
  };
}

function sessionsCard(now, before, coverage) {
  const without = coverage?.without_session_id;
  const active = now.active_now;
  return {
    name: "sessions",
    label: t("cards.sessions"),
    value: count(now.sessions),
    change: before && ratio(now.sessions, before.sessions),
    foot: noted(
      active ? viewLink(ACTIVE_NOW, {}, t("cards.sessions.active", { count: active, sessions: count(active) })) : null,
      t("cards.sessions.calls", { count: now.calls, calls: count(now.calls) }),
      without ? el("a", { href: "coverage" }, t("cards.sessions.without", { count: without, calls: count(without) })) : null,
    ),
  };
}

function errorsCard(now, before) {
  const failed = viewLink({ outcome: "failed", offset: null }, { class: "failed" }, count(now.failed));
  const left = t("cards.errors.left", { count: now.left, calls: count(now.left) });
  return {
    name: "errors",
    label: t("cards.errors"),
    value: now.failed ? failed : now.calls ? "0" : "–",
    aside: now.failed ? percent(now.error_share) : null,
    change: before ? points(now.error_share, before.error_share, -1) : null,
    foot: noted(
      t("cards.errors.of", { count: now.calls, calls: count(now.calls) }),
      now.left ? viewLink({ outcome: "left", offset: null }, {}, left) : null,
    ),
  };
}

function firstTokenCard(now, before) {
  const p95 = now.first_token_p95_ms;
  const calls = now.first_token_calls;
  const of = t("cards.firstToken.of", { count: calls, calls: count(calls) });
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
  const change = isSame ? t("cards.same") : t(by > 0 ? "cards.up" : "cards.down", { change: words });
  const sentence = t("cards.against", { change, period });
  return el(
    "span",
    { class: `change ${tone}`, title: sentence },
    el("span", { "aria-hidden": "true" }, `${arrow}${words}`),
    el("span", { class: "hidden" }, sentence),
  );
}
