// How does the reader choose what is compared, and of which time?

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { go } from "../shared/net/address.js";
import { RANGES, dayOfLimit, spanIn } from "../shared/net/ranges.js";
import { oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { copy } from "../shared/ui/copying.js";
import { KINDS, PAIRS, choose, inPair, view } from "./view.js";

const KIND_TEXTS = { model: "compare.models", consumer: "compare.consumers", period: "compare.periods", session: "compare.sessions" };
const RANGE_TEXTS = { today: "range.today", yesterday: "range.yesterday", "24h": "range.24h", "7d": "range.7d", "30d": "range.30d", month: "range.month", all: "range.all" };
const PAIR_TEXTS = { week: "compare.pair.week", month: "compare.pair.month", day: "compare.pair.day", "7d": "compare.pair.7d", "30d": "compare.pair.30d" };
/** What belongs to one kind alone. */
const NO_SIDES = { name: null, id: null, period: null };

/** The bar, in line with what the address says; `known` is what there is to choose from, `onSwap` null where that says nothing. */
export function showBar(box, wanted, known, onSwap) {
  const link = button({ class: "quiet", id: "copy" }, () => copy(location.href, box.querySelector("#copy")), icon("link"), t("compare.copy"));
  fill(
    box,
    segments("kinds", t("compare.kind"), KINDS, KIND_TEXTS, wanted.of, (of) => go({ ...NO_SIDES, of: of === KINDS[0] ? null : of })),
    wanted.of === "period" ? pairs(wanted) : wanted.of === "session" ? null : ranges(wanted),
    wanted.of === "session" || wanted.of === "model" ? null : filter("model", t("filter.model"), t("filter.allModels"), wanted, known.models),
    wanted.of === "session" || wanted.of === "consumer" ? null : filter("consumer", t("filter.consumer"), t("filter.allConsumers"), wanted, known.consumers),
    el("span", { class: "gap" }),
    onSwap ? button({ class: "quiet", id: "swap" }, onSwap, icon("swap"), t("compare.swap")) : null,
    link,
  );
}

function segments(id, label, values, texts, chosen, choose) {
  const buttons = values.map((value) => button({ "aria-pressed": String(value === chosen), id: `${id}-${value}` }, () => choose(value), t(texts[value])));
  return el("div", { class: "segments", role: "group", "aria-label": label, id }, buttons);
}

function pairs(wanted) {
  const custom = () => choose([], (periods) => periods);
  return [segments("pairs", t("compare.periods"), PAIRS, PAIR_TEXTS, wanted.pair, (pair) => go(inPair(pair))), calendar(wanted.pair === "custom", custom)];
}

function ranges(wanted) {
  const isCustom = wanted.range === "custom";
  const change = (name) => (event) => go({ range: null, since: view().since, until: view().until, [name]: event.target.value });
  const date = (name, label) =>
    el("label", {}, label, el("input", { type: "date", id: `date-${name}`, value: dayOfLimit(wanted[name], { isEnd: name === "until" }), on: { change: change(name) } }));
  const open = () => {
    const today = dayOfLimit(new Date().toISOString());
    go({ range: null, since: today, until: today });
  };
  return [
    segments("ranges", t("range.label"), RANGES, RANGE_TEXTS, wanted.range, (range) => go(spanIn(range))),
    calendar(isCustom, open),
    isCustom ? el("span", { class: "dates" }, date("since", t("range.from")), date("until", t("range.to"))) : null,
  ];
}

function calendar(isChosen, press) {
  const words = t("range.custom");
  return button({ class: "quiet square", id: "custom", "aria-label": words, title: words, "aria-pressed": String(isChosen) }, press, icon("calendar"));
}

function filter(name, label, all, wanted, known) {
  const chosen = wanted[name];
  const values = known.includes(chosen) || !chosen ? known : [...known, chosen];
  const select = el(
    "select",
    { id: `filter-${name}`, "aria-label": label, class: chosen ? "is-chosen" : null, on: { change: () => go({ [name]: select.value }) } },
    el("option", { value: "" }, all),
    values.map((value) => el("option", { value, selected: value === chosen }, oneLine(value))),
  );
  return select;
}
