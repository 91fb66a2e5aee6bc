// Which span of time is meant? It stands in the address as a word, or as a first and a last day.

import { dayOf } from "../text/zone.js";

/** The spans that one press chooses. */
export const RANGES = ["today", "yesterday", "24h", "7d", "30d", "month", "all"];
const USUAL_RANGE = "7d";

/** What the parameters of an address say of it; what they do not know is as usual. */
export function rangeOf(asked) {
  const isCustom = asked.has("since") || asked.has("until");
  const word = asked.get("range");
  return {
    range: isCustom ? "custom" : RANGES.includes(word) ? word : USUAL_RANGE,
    isUsualRange: !isCustom && !asked.has("range"),
    since: asked.get("since") ?? "",
    until: asked.get("until") ?? "",
  };
}

/** What chooses a span. */
export function spanIn(range) {
  return { range: range === USUAL_RANGE ? null : range, since: null, until: null };
}

/** What a range of `rangeOf` means to the server. */
export function spanOf({ range, since, until }) {
  if (range === "custom") return { since, until };
  if (range === "all") return {};
  if (range === "yesterday") return { since: range, until: range };
  return { since: range === "month" ? `${dayOf(Date.now()).slice(0, 8)}01` : range };
}

/** Which day a limit of the range means: it is one, or lies in one; the end of a day is still that day. */
export function dayOfLimit(text, { isEnd = false } = {}) {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? "" : dayOf(moment - (isEnd ? 1 : 0));
}
