// Which findings does the reader want to see? All of it stands in the address.

import { addressParameters } from "../shared/net/address.js";
import { rangeOf, spanOf } from "../shared/net/ranges.js";
import { GROUPS_OF_KINDS, SEVERITIES, kindsOf } from "../shared/findings/words.js";
import { timeZone } from "../shared/text/zone.js";

export const PAGE_SIZE = 30;
/** What calls are told apart by. */
export const QUICKNESS = ["model", "upstream", "hour", "consumer"];
export const GROWTH = ["model", "consumer", "route", "tool", "prompt"];
const KINDS = GROUPS_OF_KINDS.flatMap(kindsOf);
const USUAL_DAYS = 7;

/** What the address asks for; what it does not know is as usual. */
export function view() {
  const asked = addressParameters();
  const oneOf = (name, known, usual = "") => (known.includes(asked.get(name)) ? asked.get(name) : usual);
  return {
    ...rangeOf(asked),
    model: asked.get("model") ?? "",
    consumer: asked.get("consumer") ?? "",
    gateway: asked.get("gateway") ?? "",
    group: oneOf("group", GROUPS_OF_KINDS),
    kind: oneOf("kind", KINDS),
    severity: oneOf("severity", SEVERITIES),
    by: oneOf("by", QUICKNESS, QUICKNESS[0]),
    of: oneOf("of", GROWTH, GROWTH[0]),
    offset: Math.max(0, Number.parseInt(asked.get("offset") ?? "0", 10) || 0),
  };
}

/** The calls that are meant, as the server knows them. */
export function filtersOf(wanted) {
  const { model, consumer, gateway } = wanted;
  return { ...spanOf(wanted), model, consumer, gateway, timezone: timeZone };
}

/** The question of the findings; of all kinds where it `isOfAllKinds`. */
export function questionOf(wanted, isOfAllKinds = false) {
  const kinds = wanted.kind ? [wanted.kind] : wanted.group ? kindsOf(wanted.group) : [];
  const rest = { ...filtersOf(wanted), severity: wanted.severity };
  return isOfAllKinds ? { ...rest, limit: 1 } : { ...rest, kind: kinds, offset: wanted.offset, limit: PAGE_SIZE };
}

/** The question of what grew: of all time there is no time before, so it is of the last days. */
export function growthOf(wanted) {
  return { ...filtersOf(wanted), by: wanted.of, ...(wanted.range === "all" ? { days: USUAL_DAYS } : {}) };
}

/** Whether kinds or severities are left out. */
export function isChosen({ group, kind, severity }) {
  return Boolean(group || kind || severity);
}

/** Whether anything but the range is asked for. */
export function isFiltered(wanted) {
  return Boolean(isChosen(wanted) || wanted.model || wanted.consumer || wanted.gateway);
}

/** What takes all filters away; the range stays. */
export const NO_FILTERS = { model: null, consumer: null, gateway: null, group: null, kind: null, severity: null, offset: null };
