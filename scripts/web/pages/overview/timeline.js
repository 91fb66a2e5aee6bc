// What was spent when, and on which model? Bars over time; each is a link that narrows the view to its span.

import { button, el, fill, svg } from "../shared/dom.js";
import { addressWith, go } from "../shared/net/address.js";
import { approximateDollars, bounded, compact, cost, count, money, picoDollars, time } from "../shared/text/format.js";
import { cutInMiddle } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { dayOf, hourOf, hourStart } from "../shared/text/zone.js";
import { Tip, ticks } from "../shared/ui/charts.js";
import { OTHERS, STRIPES, coloured, swatchOf } from "../shared/ui/colours.js";
import { METRICS, UNITS, view } from "./view.js";

const HEIGHT = 152;
const LEFT = 48;
const BOTTOM = 20;
const TOP = 8;
const GAP = 4;
const LABEL_WIDTH = 64;
const METRIC_TEXTS = { cost: "metric.cost", tokens: "metric.tokens", calls: "metric.calls" };
const UNIT_TEXTS = { hour: "unit.hour", day: "unit.day", week: "unit.week", month: "unit.month" };
const LABELS = { day: "day", week: "day", month: "month" };
const FULL = { hour: "dayAndHour", day: "fullDay", week: "fullDay", month: "month" };
/** Values of a metric: exact, as words, and as words of an axis. */
const VALUES = {
  cost: { of: (row) => picoDollars(row.cost_usd) ?? 0n, length: approximateDollars, words: money, axis: (value) => `$${axis(value)}` },
  tokens: { of: (row) => BigInt(row.total_tokens), length: Number, words: (n) => compact(Number(n)), axis: compact },
  calls: { of: (row) => BigInt(row.calls), length: Number, words: (n) => count(Number(n)), axis: compact },
};

function axis(value) {
  return value >= 1000 ? compact(value) : String(Number(value.toPrecision(3)));
}

/** The chart in a box. */
export class Timeline {
  #box;
  #figure;
  #tip = null;
  #answer = null;
  #width = 0;

  constructor(box) {
    this.#box = box;
    new ResizeObserver(() => {
      const width = Math.floor(this.#figure?.clientWidth ?? 0);
      if (width && width !== this.#width) this.#draw();
    }).observe(box);
  }

  /** Shows the series of an answer of the server. */
  show(answer) {
    this.#answer = answer;
    const wanted = view();
    const isTableOpen = Boolean(this.#box.querySelector("details[open]"));
    const metrics = el(
      "div",
      { class: "segments small", role: "group", "aria-label": t("metric.label") },
      METRICS.map((metric) =>
        button({ "aria-pressed": String(metric === wanted.metric) }, () => go({ metric: metric === "cost" ? null : metric }), t(METRIC_TEXTS[metric])),
      ),
    );
    const units = el(
      "select",
      { class: "quiet", "aria-label": t("unit.label"), on: { change: () => go({ by: units.value }) } },
      UNITS.map((unit) => el("option", { value: unit, selected: unit === answer.by }, t(UNIT_TEXTS[unit]))),
    );
    this.#figure = el("div", { class: "chart" });
    fill(
      this.#box,
      el("header", {}, el("h2", {}, t("timeline.title")), legend(answer.models, wanted.model), el("div", { class: "tools" }, metrics, units)),
      this.#figure,
      el("div", { class: "under" }, el("details", { class: "as-table", open: isTableOpen }, el("summary", {}, t("timeline.table")), this.#table(wanted)), wanted.outcome || wanted.status ? null : paceOf(answer.pace)),
    );
    this.#draw();
  }

  #draw() {
    const { metric } = view();
    this.#width = Math.floor(this.#figure.clientWidth);
    if (!this.#width) return; // while hits stand in its place
    const { bars, by } = this.#answer;
    const scale = scaleOf(bars, metric, this.#width);
    const drawing = svg("svg", { viewBox: `0 0 ${this.#width} ${HEIGHT}`, height: HEIGHT, role: "group", "aria-label": t("timeline.label") });
    drawing.append(stripes(), ...grid(scale, metric, this.#width));
    const labelled = Math.max(1, Math.ceil(LABEL_WIDTH / scale.step));
    bars.forEach((bar, at) => {
      const middle = scale.left(at) + scale.step / 2;
      drawing.append(this.#bar(bar, at, scale, metric));
      if (at % labelled === 0 && middle + 26 < this.#width) {
        drawing.append(svg("text", { class: "axis", x: middle, y: HEIGHT - 5, "text-anchor": "middle" }, labelOf(bar, by, at)));
      }
    });
    fill(this.#figure, drawing);
    this.#tip = new Tip(this.#figure);
    this.#listen(drawing);
  }

  /** One bar: a link to its span, which can be pressed over its whole height. */
  #bar(bar, at, scale, metric) {
    const { bars, by } = this.#answer;
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(spanOf(bar, by));
    };
    const link = svg("a", {
      class: bar.isPartial ? "bar partial" : "bar",
      href: addressWith(spanOf(bar, by)),
      tabindex: at === bars.length - 1 ? "0" : "-1",
      "aria-label": `${nameOf(bar, by)}${bar.isPartial ? `, ${t("timeline.partial")}` : ""}: ${amountOf(bar, metric)}, ${t("calls", { count: Number(bar.calls), calls: count(Number(bar.calls)) })}`,
      on: { click: press },
    });
    link.append(svg("rect", { class: "reach", x: scale.left(at), y: TOP, width: scale.step, height: HEIGHT - TOP - BOTTOM }));
    link.append(...stack(bar, scale.left(at) + (scale.step - scale.thick) / 2, scale, metric));
    link.dataset.at = at;
    return link;
  }

  #listen(drawing) {
    const show = (event) => {
      const link = event.target.closest?.("a.bar");
      if (!link) return;
      const bar = this.#answer.bars[Number(link.dataset.at)];
      const box = link.querySelector(".reach").getBoundingClientRect();
      const own = this.#figure.getBoundingClientRect();
      this.#tip.showBeside(box.left - own.left, box.right - own.left, tipOf(bar, this.#answer.by));
    };
    drawing.addEventListener("pointerover", show);
    drawing.addEventListener("focusin", show);
    drawing.addEventListener("pointerleave", () => this.#tip.hide());
    drawing.addEventListener("focusout", () => this.#tip.hide());
    drawing.addEventListener("keydown", (event) => {
      const links = [...drawing.querySelectorAll("a.bar")];
      const at = links.indexOf(document.activeElement);
      const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: links.length - 1 }[event.key];
      if (at < 0 || next === undefined || !links[next]) return;
      event.preventDefault();
      links[at].setAttribute("tabindex", "-1");
      links[next].setAttribute("tabindex", "0");
      links[next].focus();
    });
  }

  #table({ metric }) {
    const { bars, models, by } = this.#answer;
    const rows = bars.filter((bar) => bar.calls).reverse();
    return el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("timeline.table") },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, [t(UNIT_TEXTS[by]), t(METRIC_TEXTS[metric]), ...models.map(nameOfModel)].map((words, at) => el("th", { scope: "col", class: at ? "number" : null }, words)))),
        el(
          "tbody",
          {},
          rows.map((bar) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, nameOf(bar, by)),
              el("td", { class: "number" }, amountOf(bar, metric)),
              models.map((model) => {
                const part = bar.parts.find((each) => each.model === model);
                return el("td", { class: "number" }, part ? amountOf(part, metric) : "");
              }),
            ),
          ),
        ),
      ),
    );
  }
}

// -- what is drawn ------------------------------------------------------------------------------------------------------

/** A metric of a bar or of a part of it, in words; what was used may be more where a call of it does not tell all. */
function amountOf(sums, metric) {
  if (metric === "calls") return VALUES.calls.words(sums.calls);
  if (metric === "tokens") return sums.tokens || !sums.calls ? bounded(sums, VALUES.tokens.words(sums.tokens)) : "–";
  if (sums.calls && sums.unpriced === sums.calls) return money(null);
  return bounded(sums, VALUES.cost.words(sums.cost) + (sums.unpriced ? "+" : ""));
}

/** Where bars and values stand in the drawing, how thick a bar is, and the steps of the axis. */
function scaleOf(bars, metric, width) {
  const value = VALUES[metric];
  const steps = ticks(Math.max(0, ...bars.map((bar) => value.length(bar[metric]))));
  const top = steps[steps.length - 1];
  const step = (width - LEFT) / Math.max(1, bars.length);
  return {
    steps,
    step,
    thick: Math.max(1, step > 3 * GAP ? step - GAP : step * 0.8),
    left: (at) => LEFT + at * step,
    y: (amount) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - amount / top),
  };
}

/** What leaves stripes of the bars of those models whose colour another one has, too. */
function stripes() {
  const line = svg("path", { d: "M-1 1l2-2M0 5l5-5M4 6l2-2", class: "stripe" });
  const pattern = svg("pattern", { id: "stripe", width: 5, height: 5, patternUnits: "userSpaceOnUse" }, line);
  const mask = svg("mask", { id: STRIPES }, svg("rect", { width: "100%", height: "100%", fill: "url(#stripe)" }));
  return svg("defs", {}, pattern, mask);
}

function grid({ steps, y }, metric, width) {
  return steps.flatMap((step) => [
    svg("line", { class: step ? "grid" : "ground", x1: LEFT, x2: width, y1: y(step), y2: y(step) }),
    svg("text", { class: "axis", x: LEFT - 8, y: y(step) + 4, "text-anchor": "end" }, VALUES[metric].axis(step)),
  ]);
}

/** The parts of a bar, one upon the other. */
function stack(bar, x, { y, thick }, metric) {
  const rects = [];
  let from = 0;
  for (const part of bar.parts) {
    const length = VALUES[metric].length(part[metric]);
    if (!length) continue;
    const height = Math.max(0.5, y(from) - y(from + length));
    rects.push(coloured(svg("rect", { class: "fill", x, y: y(from + length), width: thick, height }), part.model));
    from += length;
  }
  return rects;
}

function tipOf(bar, by) {
  const title = el("p", {}, el("b", {}, nameOf(bar, by)), bar.isPartial ? el("small", {}, ` ${t("timeline.partial")}`) : null);
  if (!bar.parts.length) return [title, el("div", {}, t("calls", { count: 0, calls: count(0) }))];
  const total = el(
    "tr",
    { class: "total" },
    el("th", { scope: "row" }, t("timeline.total")),
    el("td", {}, amountOf(bar, "cost")),
    el("td", {}, amountOf(bar, "tokens")),
    el("td", {}, count(Number(bar.calls))),
  );
  const rows = [...bar.parts].reverse().map((part) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, swatchOf(part.model), nameOfModel(part.model)),
      el("td", {}, amountOf(part, "cost")),
      el("td", {}, amountOf(part, "tokens")),
      el("td", {}, count(Number(part.calls))),
    ),
  );
  const head = ["", t("metric.cost"), t("metric.tokens"), t("metric.calls")].map((words) => el("th", {}, words));
  return [title, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, total, rows))];
}

/** What is spent just now, and what the month ends near: quietly, and only where it can be said. */
function paceOf({ last_hour: hour, month, month_end_usd: end }) {
  const parts = [
    hour.calls && picoDollars(hour.cost_usd) ? t("pace.hour", { amount: cost(hour) }) : null,
    end ? t("pace.month", { amount: cost({ ...month, cost_usd: rounded(end, month.cost_usd) }) }) : null,
  ].filter(Boolean);
  return parts.length ? el("small", { class: "pace", title: end ? t("pace.hint") : null }, parts.join(" · ")) : null;
}

/** What is no more than likely is told to two figures, or to the dollar; never as less than what is spent already. */
function rounded(dollars, spent) {
  const about = approximateDollars(dollars);
  const step = about >= 100 ? 1 : 10 ** (Math.floor(Math.log10(about)) - 1);
  const near = Math.round(about / step) * step;
  return (near < approximateDollars(spent) ? near + step : near).toFixed(6);
}

function legend(models, chosen) {
  return el(
    "ul",
    { class: "legend", "aria-label": t("timeline.legend") },
    models.map((model) => {
      const isChosen = model === chosen;
      const words = [swatchOf(model), el("bdi", {}, nameOfModel(model))];
      const press = () => go({ model: isChosen ? null : model, offset: null });
      return el("li", {}, typeof model !== "string" ? el("span", {}, words) : button({ class: "quiet", "aria-pressed": String(isChosen) }, press, words));
    }),
  );
}

function nameOfModel(model) {
  return model === OTHERS ? t("others") : model === null ? t("notNamed") : cutInMiddle(model, 40);
}

function nameOf(bar, by) {
  return time(startOf(bar, by), FULL[by]);
}

/** Under a bar: the hour, with its day where one begins. */
function labelOf(bar, by, at) {
  const start = startOf(bar, by);
  return time(start, by !== "hour" ? LABELS[by] : at && hourOf(Date.parse(start)) ? "hour" : "day");
}

/** Where the span begins that a bar is a part of: the first one may begin late. */
function startOf(bar, by) {
  return new Date(by === "hour" ? hourStart(bar.start) : bar.start).toISOString();
}

/** What narrows the view to a bar: days as one would type them, hours by moments. */
function spanOf(bar, by) {
  if (by !== "hour") {
    return { range: null, since: dayOf(bar.start), until: dayOf(bar.end - 1), by: null, offset: null };
  }
  const iso = (moment) => new Date(moment).toISOString().replace(".000Z", "Z");
  return { range: null, since: iso(bar.start), until: iso(bar.end - 1), by: null, offset: null };
}

/** The bars of an answer: one for each span of time, also where there was nothing, each with its parts by model. */
export function barsOf({ buckets, series, by, pace }) {
  const bars = new Map();
  for (const { start, end, partial: isPartial } of buckets) {
    bars.set(start, { start: Date.parse(start), end: Date.parse(end), isPartial, parts: [], ...NOTHING });
  }
  const models = modelsOf(series);
  const rows = [...series].sort((one, other) => models.indexOf(modelOf(one)) - models.indexOf(modelOf(other)));
  for (const row of rows) {
    const bar = bars.get(row.start);
    if (!bar) continue;
    const part = { model: modelOf(row), at_least: row.at_least, unpriced: BigInt(row.unpriced_rounds) };
    bar.at_least += part.at_least;
    bar.unpriced += part.unpriced;
    for (const metric of METRICS) {
      part[metric] = VALUES[metric].of(row);
      bar[metric] += part[metric];
    }
    bar.parts.push(part);
  }
  return { bars: [...bars.values()], models, by, pace };
}

const NOTHING = { cost: 0n, tokens: 0n, calls: 0n, at_least: 0, unpriced: 0n };

function modelOf(row) {
  return row.other ? OTHERS : row.model;
}

/** The models of the series, the dearest first; all others together come last. */
function modelsOf(series) {
  const spent = new Map();
  for (const row of series) {
    const [money, tokens] = spent.get(modelOf(row)) ?? [0n, 0];
    spent.set(modelOf(row), [money + (picoDollars(row.cost_usd) ?? 0n), tokens + row.total_tokens]);
  }
  const order = ([one, [money, tokens]], [other, [otherMoney, otherTokens]]) => {
    if (one === OTHERS || other === OTHERS) return one === OTHERS ? 1 : -1;
    return money === otherMoney ? otherTokens - tokens : money < otherMoney ? 1 : -1;
  };
  return [...spent].sort(order).map(([model]) => model);
}
