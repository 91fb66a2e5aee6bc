// How is a figure written for a reader?

import { isolated } from "./log_text.js";
import { language, t } from "./texts.js";
import { timeZone } from "./zone.js";

const PICO = 10n ** 12n;
const wholeNumbers = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const shortNumbers = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 3, useGrouping: "always" });
const wholeDollars = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const relativeTimes = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "narrow" });
const unitFormats = {};
const percentFormats = [];

/** `12,345` */
export function count(number) {
  return number === null || number === undefined ? "–" : wholeNumbers.format(number);
}

/** `12.3K`, `1.2万` */
export function compact(number) {
  if (number === null || number === undefined) return "–";
  return Math.abs(number) < 1000 ? wholeNumbers.format(number) : shortNumbers.format(number);
}

/** A part of one: `92%`, `0.4%` */
export function percent(part) {
  if (part === null || part === undefined || Number.isNaN(part)) return "–";
  const digits = part > 0 && part < 0.0995 ? 1 : 0;
  percentFormats[digits] ??= new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits });
  return percentFormats[digits].format(part);
}

// -- money: decimal text, never a float -------------------------------------------------------------------------------

/** Pico-dollars of decimal text, exactly; null where there is none. */
export function picoDollars(text) {
  const match = /^(-?)(\d+)(?:\.(\d{1,12})\d*)?$/.exec(text ?? "");
  if (!match) return null;
  const value = BigInt(match[2]) * PICO + BigInt((match[3] ?? "").padEnd(12, "0"));
  return match[1] ? -value : value;
}

/** Dollars: two decimals, or as many as show three digits of a small amount; never 0 for a little. */
export function money(text) {
  const value = typeof text === "bigint" ? text : picoDollars(text);
  if (value === null) return t("money.unknown");
  const amount = value < 0n ? -value : value;
  const decimals = amount === 0n || amount >= PICO ? 2 : Math.max(2, Math.min(12, 15 - String(amount).length));
  const unit = 10n ** BigInt(12 - decimals);
  const rounded = (amount + unit / 2n) / unit;
  const scale = 10n ** BigInt(decimals);
  const rest = String(rounded % scale).padStart(decimals, "0");
  return `${value < 0n ? "−" : ""}$${wholeDollars.format(rounded / scale)}.${rest}`;
}

/** Dollars as a person stated them: all decimals that there are, two at least. */
export function statedMoney(text) {
  const [whole, decimals = ""] = text.split(".");
  return `$${wholeDollars.format(BigInt(whole))}.${decimals.padEnd(2, "0")}`;
}

/** The cost of a sum: `~` something was assumed for it, `+` a part has no price, `≥` a part of it is a lower bound. */
export function cost(sums) {
  if (sums.cost_usd === null) return money(null);
  const amount = `${sums.assumed_rounds ? "~" : ""}${money(sums.cost_usd)}${sums.unpriced_rounds ? "+" : ""}`;
  return bounded(sums, amount);
}

const NOTE_TEXTS = {
  cache_read_as_input: "assumed.cache_read_as_input",
  cache_read_by_vendor: "assumed.cache_read_by_vendor",
  cache_write_as_input: "assumed.cache_write_as_input",
  cache_write_by_vendor: "assumed.cache_write_by_vendor",
  cache_write_5m: "assumed.cache_write_5m",
  cache_write_1h_as_5m: "assumed.cache_write_1h_as_5m",
  cache_write_mixed: "assumed.cache_write_mixed",
  audio_as_text: "assumed.audio_as_text",
  image_as_text: "assumed.image_as_text",
  cached_media: "assumed.cached_media",
  third_party_price: "assumed.third_party_price",
  undated: "assumed.undated",
  no_time: "assumed.no_time",
  seller_unknown: "assumed.seller_unknown",
  converted: "assumed.converted",
  price_may_have_changed: "assumed.price_may_have_changed",
  cache_inside: "assumed.cache_inside",
  cache_in_one: "assumed.cache_in_one",
  discounted: "assumed.discounted",
  as_stated: "assumed.as_stated",
};

/** A note on a cost in words. */
export function costNote(note) {
  return t(NOTE_TEXTS[note] ?? "assumed.other");
}

/** What had to be assumed for the cost of a sum, for how many rounds and dollars: a line each; null where nothing had. */
export function assumedIn(sums) {
  if (!sums.assumed_rounds) return null;
  const words = (rounds, dollars) => ({ count: rounds, rounds: count(rounds), amount: money(dollars) });
  const notes = Object.entries(sums.cost_notes ?? {}).sort(([, one], [, other]) => approximateDollars(other.cost_usd) - approximateDollars(one.cost_usd));
  return [
    t(isAllAssumed(sums) ? "assumed.all" : "assumed.in", words(sums.assumed_rounds, sums.assumed_usd)),
    ...notes.map(([note, { rounds, cost_usd: dollars }]) => t("assumed.note", { ...words(rounds, dollars), why: costNote(note) })),
  ].join("\n");
}

/** Whether something had to be assumed for all of a cost that is known. */
function isAllAssumed({ assumed_usd: assumed, cost_usd: all }) {
  return all !== null && picoDollars(assumed) === picoDollars(all);
}

/** What is not in the cost of a sum: how many rounds, of which models, and how many of them tell no tokens; null where it is whole. */
export function notInIt(sums, most = Infinity) {
  if (!sums.unpriced_rounds) return null;
  const untold = sums.without_tokens;
  const why = [
    ...(sums.unpriced_models ?? []).slice(0, most).map(isolated),
    untold ? t("cost.withoutTokens", { count: untold, rounds: count(untold) }) : null,
  ].filter(Boolean);
  const words = { count: sums.unpriced_rounds, rounds: count(sums.unpriced_rounds), why: why.join(", ") };
  return t(why.length ? "cost.notInItSince" : "cost.notInIt", words);
}

/** The tokens of a sum, in and out; where calls tell a part of theirs, and none tells what came out, that is not 0. */
export function inAndOut(sums, input, output) {
  const isUntold = !output && sums.unpriced_rounds > sums.without_tokens && (sums.at_least || !sums.unpriced_models.length);
  return t("cards.tokens.split", { input: compact(input), output: isUntold ? "–" : compact(output) });
}

/** An amount of a sum, with a mark where some calls of it may have used more than the log tells. */
export function bounded(sums, amount) {
  return sums.at_least ? t("atLeast.sum", { amount }) : amount;
}

/** About how many dollars, where only a length on the screen follows from it. */
export function approximateDollars(text) {
  return Number(typeof text === "bigint" ? text : (picoDollars(text) ?? 0n)) / 1e12;
}

// -- time ---------------------------------------------------------------------------------------------------------------

/** `340ms`, `3.4s`, `2m 5s` */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1000) return unit("millisecond", Math.round(milliseconds));
  if (milliseconds < 59_950) return unit("second", Math.round(milliseconds / 100) / 10);
  const seconds = Math.round(milliseconds / 1000);
  const parts = [
    ["day", Math.floor(seconds / 86_400)],
    ["hour", Math.floor(seconds / 3600) % 24],
    ["minute", Math.floor(seconds / 60) % 60],
    ["second", seconds % 60],
  ];
  const first = parts.findIndex(([, number]) => number);
  return parts
    .slice(first, first + 2)
    .filter(([, number]) => number)
    .map(([name, number]) => unit(name, number))
    .join(" ");
}

function unit(name, number) {
  unitFormats[name] ??= new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow" });
  return unitFormats[name].format(number);
}

/** `12s ago` */
export function timeSince(moment, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - moment) / 1000));
  if (seconds < 60) return relativeTimes.format(-seconds, "second");
  if (seconds < 3600) return relativeTimes.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return relativeTimes.format(-Math.floor(seconds / 3600), "hour");
  return relativeTimes.format(-Math.floor(seconds / 86_400), "day");
}

/** A time in the zone of the page, to the minute, or to the `second`. */
export function time(text, style = "minute") {
  const moment = Date.parse(text ?? "");
  if (Number.isNaN(moment)) return "–";
  const fields = TIME_STYLES[style];
  timeFormats[style] ??= new Intl.DateTimeFormat(language, { ...fields, timeZone });
  return timeFormats[style].format(moment);
}

const timeFormats = {};
const TIME_STYLES = {
  minute: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  second: { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  hour: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  dayAndHour: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { month: "short", day: "numeric" },
  fullDay: { weekday: "short", year: "numeric", month: "short", day: "numeric" },
  month: { year: "numeric", month: "short" },
};

/** Names of the days of the week, Monday first. */
export function weekdays() {
  const format = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" });
  return Array.from({ length: 7 }, (_, day) => format.format(Date.UTC(2024, 0, 1 + day)));
}

/** A `<time>` element's machine-readable part. */
export function machineTime(text) {
  return Number.isNaN(Date.parse(text ?? "")) ? null : text;
}
