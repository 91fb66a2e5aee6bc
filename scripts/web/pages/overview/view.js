// What does the reader want to see? All of it stands in the address.

import { addressParameters } from "../shared/net/address.js";
import { dayOfLimit, rangeOf, spanIn, spanOf } from "../shared/net/ranges.js";
import { STATUSES } from "../shared/text/session_names.js";
import { timeZone } from "../shared/text/zone.js";

export const METRICS = ["cost", "tokens", "calls"];
export const UNITS = ["hour", "day", "week", "month"];
/** How a call can end. */
export const OUTCOMES = ["failed", "left", "ok"];
const ORDERS = ["updated", "created", "cost", "tokens", "rounds"];
const HOURLY = ["today", "yesterday", "24h"];
const DAY = 86_400_000;
export const PAGE_SIZE = 50;

/** The view that the address asks for; what it does not know is as usual. */
export function view() {
  const asked = addressParameters();
  const oneOf = (name, known, usual) => (known.includes(asked.get(name)) ? asked.get(name) : usual);
  return {
    ...rangeOf(asked),
    model: asked.get("model") ?? "",
    consumer: asked.get("consumer") ?? "",
    gateway: asked.get("gateway") ?? "",
    status: oneOf("status", STATUSES, ""),
    outcome: oneOf("outcome", OUTCOMES, ""),
    q: asked.get("q") ?? "",
    metric: oneOf("metric", METRICS, "cost"),
    by: oneOf("by", UNITS, ""),
    sort: oneOf("sort", ORDERS, "updated"),
    reverse: asked.get("reverse") === "1",
    offset: Math.max(0, Number.parseInt(asked.get("offset") ?? "0", 10) || 0),
  };
}

/** The filters of a view, as the server knows them; days are those of the page's zone. */
export function filtersOf(wanted) {
  const { model, consumer, gateway, status, outcome, q } = wanted;
  return { ...spanOf(wanted), model, consumer, gateway, status, outcome, q, timezone: timeZone };
}

/** What a bar over time is: what was asked for, or what fits the span; the server makes it coarser where it must. */
export function unitOf({ by, range, since, until }) {
  if (by) return by;
  if (range !== "custom") return HOURLY.includes(range) ? "hour" : "day";
  const [from, to] = [Date.parse(dayOfLimit(since)), Date.parse(dayOfLimit(until, { isEnd: true }))];
  const days = Number.isNaN(from) ? Infinity : ((Number.isNaN(to) ? Date.now() : to) - from) / DAY;
  return days <= 2 ? "hour" : "day";
}

/** Whether anything but the span is asked for. */
export function isFiltered(wanted) {
  return Boolean(wanted.model || wanted.consumer || wanted.gateway || wanted.status || wanted.outcome || wanted.q);
}

/** Whether of a session some calls alone may be meant. */
export function isPart(wanted) {
  return Boolean(wanted.range !== "all" || wanted.model || wanted.consumer || wanted.gateway || wanted.outcome);
}

/** What takes all filters away; the span stays. */
export const NO_FILTERS = { model: null, consumer: null, gateway: null, status: null, outcome: null, q: null, offset: null };

/** What chooses a span. */
export function inRange(range) {
  return { ...spanIn(range), by: null, offset: null };
}

/** What shows the sessions that talk just now. */
export const ACTIVE_NOW = { ...inRange("all"), status: "active" };
