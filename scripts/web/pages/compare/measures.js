// Which figures stand side by side, how is each written, and how do two of them differ, in words?

import { approximateDollars, assumedIn, bounded, compact, cost, count, duration, notInIt, percent } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";

/** The letter of a side. */
export function letter(at) {
  return String.fromCharCode(65 + at);
}

const FEW = 0.005;
/** Two times that are as near as this may well be the same: each is told less than 1 % off. */
const EXACT = 0.016;

/** Costs of a call, or of so many tokens: of the calls that have a price. */
function dollars(name) {
  return {
    value: (side) => (side[name] === null ? null : approximateDollars(side[name])),
    shown: (side) => cost({ ...side, cost_usd: side[name], unpriced_rounds: 0 }),
    note: (side) => [assumedIn(side), notInIt(side)].filter(Boolean).join("\n"),
    lacks: "compare.why.noPrice",
    differ: byRatio,
  };
}

function tokens(name) {
  return {
    value: (side) => side[name],
    shown: (side) => bounded(side, side[name] < 100 ? String(Math.round(side[name] * 10) / 10) : compact(Math.round(side[name]))),
    note: (side) => (side.without_tokens ? t("compare.untold", { count: side.without_tokens, calls: count(side.without_tokens) }) : null),
    lacks: "compare.why.noTokens",
    differ: byRatio,
  };
}

function share(name, lacks) {
  return { value: (side) => side[name], shown: (side) => percent(side[name]), note: () => null, lacks, differ: byPoints };
}

function milliseconds(name, percentile) {
  return {
    value: ({ latency }) => latency[`${name}_${percentile}_ms`],
    shown: ({ latency }) => duration(latency[`${name}_${percentile}_ms`]),
    note: ({ latency }) => t("compare.ofCalls", { count: latency[`${name}_calls`], calls: count(latency[`${name}_calls`]) }),
    lacks: name === "failed_duration" ? "compare.why.noFailedTime" : "compare.why.noTime",
    differ: byTime,
  };
}

const COST_PER_CALL = { label: "compare.costPerCall", ...dollars("cost_per_call_usd") };
const COST_PER_1000 = { label: "compare.costPer1000", ...dollars("cost_per_1000_tokens_usd") };
const INPUT = { label: "compare.inputPerCall", ...tokens("input_tokens_per_call") };
const OUTPUT = { label: "compare.outputPerCall", ...tokens("output_tokens_per_call") };
const CACHED = { label: "compare.cached", ...share("cached_share", "compare.why.noTokens") };
const FAILED = { label: "compare.failed", ...share("failed_share", "compare.why.noCalls") };
const FIRST_P50 = { label: "compare.firstP50", ...milliseconds("first_token", "p50") };
const FIRST_P95 = { label: "compare.firstP95", ...milliseconds("first_token", "p95") };
const P50 = { label: "compare.p50", ...milliseconds("duration", "p50") };
const P95 = { label: "compare.p95", ...milliseconds("duration", "p95") };
const FAILED_P50 = { label: "compare.failedP50", ...milliseconds("failed_duration", "p50") };
const FAILED_P95 = { label: "compare.failedP95", ...milliseconds("failed_duration", "p95") };

/** The figures that one looks at first. */
export const CARDS = [COST_PER_CALL, COST_PER_1000, CACHED, FAILED, FIRST_P50, FIRST_P95, P50, P95];

/** All of them, under headings; what is not told by a side is a count that leads to a list. */
export const GROUPS = [
  ["compare.perCall", [COST_PER_CALL, COST_PER_1000, INPUT, OUTPUT]],
  ["compare.shares", [CACHED, FAILED]],
  ["compare.times", [FIRST_P50, FIRST_P95, P50, P95, FAILED_P50, FAILED_P95]],
];

/** Why a side does not tell a measure. */
export function whyNot(measure, side) {
  if (!side.calls) return t("compare.why.noCalls");
  return measure.lacks === "compare.why.noPrice" ? (notInIt(side) ?? t("compare.why.noTokens")) : t(WHY[measure.lacks]);
}

const WHY = {
  "compare.why.noTokens": "compare.why.noTokens",
  "compare.why.noTime": "compare.why.noTime",
  "compare.why.noFailedTime": "compare.why.noFailedTime",
  "compare.why.noCalls": "compare.why.noCalls",
};

// -- how two differ: `by` in words, and whether it is more ---------------------------------------------------------------

function byRatio(one, other) {
  if (!one) return other ? null : same();
  const by = (other - one) / one;
  return Math.abs(by) < FEW ? same() : { isMore: by > 0, by: percent(Math.abs(by)), short: `${sign(by)}${percent(Math.abs(by))}`, words: by > 0 ? "compare.higher" : "compare.lower" };
}

function byPoints(one, other) {
  const by = other - one;
  if (Math.abs(by) < 0.0005) return same();
  const points = t("cards.points", { points: (Math.abs(by) * 100).toFixed(1) });
  return { isMore: by > 0, by: points, short: `${sign(by)}${points}`, words: by > 0 ? "compare.higher" : "compare.lower" };
}

function byTime(one, other) {
  const by = other - one;
  if (Math.abs(by) <= EXACT * Math.max(one, other)) return same();
  const time = duration(Math.abs(by));
  return { isMore: by > 0, by: time, short: one ? `${sign(by)}${percent(Math.abs(by) / one)}` : `${sign(by)}${time}`, words: by > 0 ? "compare.slower" : "compare.quicker" };
}

function same() {
  return { isMore: null, by: null, short: t("compare.alike"), words: "compare.same" };
}

function sign(number) {
  return number < 0 ? "−" : "+";
}

/** How two values of a measure differ; null where one is not known, or where that is no number. */
export function difference(measure, one, other) {
  const [value, against] = [measure.value(other), measure.value(one)];
  return value === null || against === null ? null : measure.differ(against, value);
}

/** What a measure comes to among the sides, in a few words; nothing where too few of them tell it. */
export function sentence(measure, sides) {
  const known = sides.map((side, at) => [measure.value(side), at]).filter(([value]) => value !== null);
  if (sides.length < 2 || known.length < 2) return "";
  if (sides.length === 2) {
    const found = difference(measure, ...sides);
    return found ? t(found.words, { side: letter(1), by: found.by ?? "" }) : "";
  }
  known.sort(([one], [other]) => one - other);
  const [[least, low], [most, high]] = [known[0], known[known.length - 1]];
  return least === most ? t("compare.same") : t("compare.ends", { low: letter(low), high: letter(high) });
}
