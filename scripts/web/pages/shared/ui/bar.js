// How does the reader of a page choose a time, one of some kinds, and names?

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { go } from "../net/address.js";
import { RANGES, dayOfLimit, spanIn } from "../net/ranges.js";
import { oneLine } from "../text/log_text.js";
import { t } from "../text/texts.js";

const RANGE_TEXTS = { today: "range.today", yesterday: "range.yesterday", "24h": "range.24h", "7d": "range.7d", "30d": "range.30d", month: "range.month", all: "range.all" };

/** Buttons side by side, one of which is chosen; `texts` has the key of each value's words. */
export function segments(id, label, values, texts, chosen, choose) {
  const buttons = values.map((value) => button({ "aria-pressed": String(value === chosen), id: `${id}-${value}` }, () => choose(value), t(texts[value])));
  return el("div", { class: "segments", role: "group", "aria-label": label, id }, buttons);
}

/** The ranges, and days of one's own; what is chosen stands in the address, `others` of it change with it. */
export function ranges(wanted, others = {}) {
  const isCustom = wanted.range === "custom";
  const change = (name) => (event) => go({ ...others, range: null, since: wanted.since, until: wanted.until, [name]: event.target.value });
  const date = (name, label) =>
    el("label", {}, label, el("input", { type: "date", id: `date-${name}`, value: dayOfLimit(wanted[name], { isEnd: name === "until" }), on: { change: change(name) } }));
  const open = () => {
    const today = dayOfLimit(new Date().toISOString());
    go({ ...others, range: null, since: today, until: today });
  };
  return [
    segments("ranges", t("range.label"), RANGES, RANGE_TEXTS, wanted.range, (range) => go({ ...others, ...spanIn(range) })),
    calendar(isCustom, open),
    isCustom ? el("span", { class: "dates" }, date("since", t("range.from")), date("until", t("range.to"))) : null,
  ];
}

/** The button for days of one's own. */
export function calendar(isChosen, press) {
  const words = t("range.custom");
  return button({ class: "quiet square", id: "custom", "aria-label": words, title: words, "aria-pressed": String(isChosen) }, press, icon("calendar"));
}

/** A box with names of the log; one that is chosen is there even where it is not known. */
export function filterBox(name, label, all, wanted, known, others = {}) {
  const chosen = wanted[name];
  const values = known.includes(chosen) || !chosen ? known : [...known, chosen];
  return choiceBox(name, label, [["", all], ...values.map((value) => [value, oneLine(value)])], chosen, others);
}

/** A box with values, each with its words. */
export function choiceBox(name, label, values, chosen, others = {}) {
  const select = el(
    "select",
    { id: `filter-${name}`, "aria-label": label, class: chosen ? "is-chosen" : null, on: { change: () => go({ ...others, [name]: select.value }) } },
    values.map(([value, words]) => el("option", { value, selected: value === chosen }, words)),
  );
  return select;
}
