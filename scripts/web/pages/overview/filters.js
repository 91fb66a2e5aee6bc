// How does the reader choose a span of time and filters?

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { go } from "../shared/net/address.js";
import { RANGES, dayOfLimit } from "../shared/net/ranges.js";
import { whenQuiet } from "../shared/net/updates.js";
import { oneLine } from "../shared/text/log_text.js";
import { STATUSES, statusName } from "../shared/text/session_names.js";
import { t } from "../shared/text/texts.js";
import { NO_FILTERS, OUTCOMES, inRange, isFiltered, view } from "./view.js";

const PATIENCE = 350;
/** The server looks for no longer words. */
const LONGEST = 200;
const OUTCOME_TEXTS = { ok: "outcome.ok", left: "outcome.left", failed: "filter.hasFailed" };
const RANGE_TEXTS = {
  today: "range.today",
  yesterday: "range.yesterday",
  "24h": "range.24h",
  "7d": "range.7d",
  "30d": "range.30d",
  month: "range.month",
  all: "range.all",
};

/** The bar of filters in a box; `show` brings it in line with the view and with what there is to choose. */
export class Filters {
  #ranges = new Map();
  #selects = {};
  #search;
  #custom;
  #dates = {};
  #clear;
  #known = { models: [], consumers: [], gateways: [] };

  constructor(box, { isRedacted, onEnter }) {
    const ranges = el("div", { class: "segments ranges", role: "group", "aria-label": t("range.label") });
    for (const range of RANGES) {
      const node = button({}, () => go(inRange(range)), t(RANGE_TEXTS[range]));
      this.#ranges.set(range, node);
      ranges.append(node);
    }
    this.#custom = button({ class: "quiet square", title: t("range.custom"), "aria-label": t("range.custom") }, () => this.#toggleDates(), icon("calendar"));
    this.#custom.setAttribute("aria-controls", "dates");
    this.#ranges.set("custom", this.#custom);

    this.#search = el("input", {
      type: "search",
      id: "search",
      autocomplete: "off",
      maxlength: LONGEST,
      placeholder: t(isRedacted ? "search.hintIds" : "search.hint"),
      "aria-label": t("search.label"),
      on: { input: whenQuiet(PATIENCE, () => this.#typed()), keydown: (event) => this.#pressed(event, onEnter) },
    });
    this.#clear = button({ class: "quiet square", title: t("filters.clear"), "aria-label": t("filters.clear") }, () => go(NO_FILTERS), icon("close"));
    const chosen = el(
      "div",
      { class: "chosen" },
      el("span", { class: "search" }, icon("search"), this.#search),
      this.#select("model", t("filter.model")),
      this.#select("consumer", t("filter.consumer")),
      this.#select("gateway", t("filter.gateway")),
      this.#select("status", t("filter.status")),
      this.#select("outcome", t("filter.outcome")),
      this.#clear,
    );
    fill(box, ranges, this.#custom, chosen, this.#datesBox());
    this.show();
  }

  /** What there is to choose from. */
  offer(known) {
    this.#known = known;
    this.show();
  }

  /** Brings what is chosen in line with the address. */
  show() {
    const wanted = view();
    for (const [range, node] of this.#ranges) node.setAttribute("aria-pressed", String(range === wanted.range));
    this.#custom.setAttribute("aria-expanded", String(wanted.range === "custom"));
    this.#dates.box.hidden = wanted.range !== "custom";
    this.#dates.since.value = dayOfLimit(wanted.since);
    this.#dates.until.value = dayOfLimit(wanted.until, { isEnd: true });
    if (document.activeElement !== this.#search) this.#search.value = wanted.q;
    fillSelect(this.#selects.model, t("filter.allModels"), this.#known.models.map(optionOf), wanted.model);
    fillSelect(this.#selects.consumer, t("filter.allConsumers"), this.#known.consumers.map(optionOf), wanted.consumer);
    fillSelect(this.#selects.gateway, t("filter.allGateways"), this.#known.gateways.map(optionOf), wanted.gateway);
    this.#selects.gateway.hidden = this.#known.gateways.length < 2 && !wanted.gateway;
    const statuses = STATUSES.map((status) => [status, statusName(status)]);
    fillSelect(this.#selects.status, t("filter.anyStatus"), statuses, wanted.status);
    const outcomes = OUTCOMES.map((outcome) => [outcome, t(OUTCOME_TEXTS[outcome])]);
    fillSelect(this.#selects.outcome, t("filter.anyOutcome"), outcomes, wanted.outcome);
    this.#clear.hidden = !isFiltered(wanted);
  }

  focus() {
    this.#search.focus();
    this.#search.select();
  }

  /** Further letters change the words that stand in the address: one step back leads to where the search began. */
  #typed() {
    const q = this.#search.value.trim();
    if (q === view().q) return;
    const begins = q && !view().q;
    go({ q, offset: null }, { replace: Boolean(q && !begins) });
    if (begins) history.replaceState({ ...history.state, isSearch: true }, "");
  }

  #pressed(event, onEnter) {
    if (event.isComposing) return;
    if (event.key === "Enter" && this.#search.value.trim() === view().q && onEnter()) event.preventDefault();
    if (event.key !== "Escape") return;
    this.#search.value = "";
    this.#search.blur();
    if (history.state?.isSearch) history.back();
    else if (view().q) go({ q: null, offset: null });
  }

  #select(name, label) {
    const node = el("select", {
      id: `filter-${name}`,
      "aria-label": label,
      on: { change: () => go({ [name]: node.value, offset: null }) },
    });
    this.#selects[name] = node;
    return node;
  }

  #datesBox() {
    const date = (name, label) => {
      const change = () => this.#chosenDates(name);
      this.#dates[name] = el("input", { type: "date", id: `date-${name}`, on: { change } });
      return el("label", {}, label, this.#dates[name]);
    };
    this.#dates.box = el("div", { class: "dates", id: "dates", hidden: true });
    this.#dates.box.append(date("since", t("range.from")), date("until", t("range.to")));
    return this.#dates.box;
  }

  #toggleDates() {
    this.#dates.box.hidden = !this.#dates.box.hidden;
    this.#custom.setAttribute("aria-expanded", String(!this.#dates.box.hidden));
    if (!this.#dates.box.hidden) this.#dates.since.focus();
  }

  /** Where the range would end before it begins, it is the day alone that was chosen last. */
  #chosenDates(last) {
    const { since, until } = this.#dates;
    if (since.value && until.value && since.value > until.value) {
      since.value = until.value = this.#dates[last].value;
    }
    if (!since.value && !until.value) go(inRange("all"));
    else go({ range: null, since: since.value, until: until.value, by: null, offset: null });
  }
}

function optionOf(name) {
  return [name, oneLine(name)];
}

/** Fills a select box; what is chosen is there even where it is not known. */
function fillSelect(select, all, values, chosen) {
  const known = values.filter(([value]) => value);
  if (chosen && !known.some(([value]) => value === chosen)) known.push(optionOf(chosen));
  const state = JSON.stringify([known, chosen]);
  if (select.dataset.shown === state) return;
  select.dataset.shown = state;
  fill(
    select,
    el("option", { value: "" }, all),
    known.map(([value, words]) => el("option", { value }, words)),
  );
  select.value = chosen;
  select.classList.toggle("is-chosen", Boolean(chosen));
}
