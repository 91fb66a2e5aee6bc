// What is compared? All of it stands in the address.

import { addressParameters, go } from "../shared/net/address.js";
import { rangeOf, spanOf } from "../shared/net/ranges.js";
import { dayOf, timeZone } from "../shared/text/zone.js";

export const KINDS = ["model", "consumer", "period", "session"];
/** Two times that one press chooses; both are of whole days. */
export const PAIRS = ["week", "month", "day", "7d", "30d"];
export const MOST = 8;
const USUAL_PAIR = "week";

/** What the address asks for; what it does not know is as usual. */
export function view() {
  const asked = addressParameters();
  const oneOf = (name, known) => (known.includes(asked.get(name)) ? asked.get(name) : known[0]);
  const periods = asked.getAll("period").slice(0, MOST);
  return {
    of: oneOf("of", KINDS),
    ...rangeOf(asked),
    names: [...new Set(asked.getAll("name"))].slice(0, MOST),
    ids: [...new Set(asked.getAll("id").filter(Boolean))].slice(0, MOST),
    pair: periods.length ? "custom" : oneOf("pair", PAIRS),
    periods,
    model: asked.get("model") ?? "",
    consumer: asked.get("consumer") ?? "",
  };
}

/** What is asked of the server. */
export function questionOf(wanted) {
  const { of, names, ids, model, consumer } = wanted;
  const filters = { timezone: timeZone, model: of === "model" ? "" : model, consumer: of === "consumer" ? "" : consumer };
  if (of === "session") return { of, id: ids };
  if (of === "period") return { of, ...filters, period: valuesOf(periodsOf(wanted)) };
  return { of, ...filters, ...spanOf(wanted), name: names };
}

/** The two times, or more, as a first and a last day each. */
export function periodsOf({ pair, periods }) {
  if (pair !== "custom") return PERIODS[pair](new Date(`${dayOf(Date.now())}T00:00:00Z`));
  return periods.map((text) => {
    const [since, until = ""] = text.split("/");
    return { since, until };
  });
}

/** By today, as a date that is midnight in UTC whatever the reader's zone. */
const PERIODS = {
  week: (today) => {
    const monday = today.getUTCDate() - ((today.getUTCDay() + 6) % 7);
    return [days(today, monday, monday + 6), days(today, monday - 7, monday - 1)];
  },
  month: (today) => [month(today, 0), month(today, -1)],
  day: (today) => lastDays(today, 1),
  "7d": (today) => lastDays(today, 7),
  "30d": (today) => lastDays(today, 30),
};

/** From one day of this month to another, which may lie in others. */
function days(today, first, last, months = 0) {
  const day = (number) => new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + months, number)).toISOString().slice(0, 10);
  return { since: day(first), until: day(last) };
}

function month(today, back) {
  return { since: days(today, 1, 1, back).since, until: days(today, 0, 0, back + 1).until };
}

function lastDays(today, number) {
  const last = today.getUTCDate();
  return [days(today, last - number + 1, last), days(today, last - 2 * number + 1, last - number)];
}

/** Goes to other sides of the kind that is compared; `change` makes them of those that the address has by now, or else of `shown`. */
export function choose(shown, change) {
  const wanted = view();
  const { of, names, ids } = wanted;
  if (of === "period") go({ pair: null, period: change(valuesOf(periodsOf(wanted))) });
  else if (of === "session") go({ id: change(ids.length ? ids : shown) });
  else go({ name: change(names.length ? names : shown) });
}

/** Times as they stand in the address. */
export function valuesOf(periods) {
  return periods.map(({ since, until }) => `${since}/${until}`);
}

/** What chooses a pair of times. */
export function inPair(pair) {
  return { pair: pair === USUAL_PAIR ? null : pair, period: null };
}

/** The address of the sessions that a side's calls belong to, or of those that have calls which ended so. */
export function listOf(wanted, side, at, outcome = "") {
  if (wanted.of === "session") return null;
  const { of, model, consumer } = wanted;
  const query = new URLSearchParams();
  const { range, since, until } = wanted;
  const span = of === "period" ? periodsOf(wanted)[at] : range === "custom" ? { since, until } : { range };
  const names = { model: of === "model" ? side.name : model, consumer: of === "consumer" ? side.name : consumer };
  if (names[of] === null) return null; // no filter means the calls that name none
  for (const name of ["range", "since", "until"]) if (span[name]) query.set(name, span[name]);
  if (of === "period" && !span.since && !span.until) query.set("range", "all");
  for (const [name, value] of Object.entries(names)) if (value) query.set(name, value);
  if (outcome) query.set("outcome", outcome);
  return `./?${query}`;
}
