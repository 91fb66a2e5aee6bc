// What does the reader want to see? All of it stands in the address.

import { addressParameters } from "../shared/address.js";
import { timeZone } from "../shared/format.js";
import { STATUSES } from "../shared/session_names.js";

/** The spans that one press chooses. */
export const RANGES = ["24h", "7d", "30d", "all"];
const USUAL_RANGE = "7d";
export const METRICS = ["cost", "tokens", "calls"];
export const UNITS = ["hour", "day", "week", "month"];
/** How a call can end. */
export const OUTCOMES = ["ok", "left", "failed"];
const ORDERS = ["updated", "created", "cost", "tokens", "rounds"];
export const PAGE_SIZE = 50;

/** The view that the address asks for; what it does not know is as usual. */
export function view() {
  const asked = addressParameters();
  const oneOf = (name, known, usual) => (known.includes(asked.get(name)) ? asked.get(name) : usual);
  const isCustom = asked.has("since") || asked.has("until");
  return {
    range: isCustom ? "custom" : oneOf("range", RANGES, USUAL_RANGE),
    isUsualRange: !isCustom && !asked.has("range"),
    since: asked.get("since") ?? "",
    until: asked.get("until") ?? "",
    model: asked.get("model") ?? "",
    consumer: asked.get("consumer") ?? "",
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

/** The filters of a view, as the server knows them. */
export function filtersOf(wanted) {
  const { range, since, until, model, consumer, status, outcome, q } = wanted;
  const span = range === "custom" ? { since, until } : range === "all" ? {} : { since: range };
  return { ...span, model, consumer, status, outcome, q, timezone: timeZone };
}

/** What a bar over time is: what was asked for, or what fits the span; the server makes it coarser where it must. */
export function unitOf({ by, range, since, until }) {
  if (by) return by;
  const [from, to] = [Date.parse(since), Date.parse(until)];
  const days = Number.isNaN(from) ? Infinity : ((Number.isNaN(to) ? Date.now() : to) - from) / 86_400_000;
  return range === "24h" || (range === "custom" && days <= 3) ? "hour" : "day";
}

/** Whether anything but the span is asked for. */
export function isFiltered(wanted) {
  return Boolean(wanted.model || wanted.consumer || wanted.status || wanted.outcome || wanted.q);
}

/** Whether of a session some calls alone may be meant. */
export function isPart(wanted) {
  return Boolean(wanted.range !== "all" || wanted.model || wanted.consumer || wanted.outcome);
}

/** What takes all filters away; the span stays. */
export const NO_FILTERS = { model: null, consumer: null, status: null, outcome: null, q: null, offset: null };

/** What chooses a span. */
export function inRange(range) {
  return { range: range === USUAL_RANGE ? null : range, since: null, until: null, by: null, offset: null };
}
