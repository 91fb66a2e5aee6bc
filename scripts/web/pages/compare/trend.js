// How did the sides go from day to day? A line each over the same days, and of times one over the other.

import { el, fill, svg } from "../shared/dom.js";
import { ask } from "../shared/net/api.js";
import { spanOf } from "../shared/net/ranges.js";
import { approximateDollars, cost, count, money, time } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { timeZone } from "../shared/text/zone.js";
import { Tip, ticks } from "../shared/ui/charts.js";
import { letter } from "./measures.js";
import { periodsOf } from "./view.js";

const HEIGHT = 152;
const LEFT = 56;
const RIGHT = 24;
const TOP = 8;
const BOTTOM = 24;
const MOST_DAYS = 92;
const LABEL_WIDTH = 64;
const DAY = 86_400_000;

/** What the server says of each side's days; null where there are no days to compare, or it does not say. */
export async function askTrend(wanted, sides, signal) {
  if (wanted.of === "session" || sides.some((side) => wanted.of !== "period" && side.name === null)) return null;
  const { of, model, consumer } = wanted;
  const span = (at) => (of === "period" ? periodsOf(wanted)[at] : spanOf(wanted));
  const names = (side) => ({ model: of === "model" ? side.name : model, consumer: of === "consumer" ? side.name : consumer });
  const question = (side, at) => ({ by: "day", timezone: timeZone, ...names(side), ...span(at), since: span(at).since || `${MOST_DAYS}d` });
  try {
    const answers = await Promise.all(sides.map((side, at) => ask("stats", question(side, at), signal)));
    const lines = linesOf(answers.map(({ data }) => data.dates), of === "period");
    return lines.days.length > 1 ? lines : null;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

/** The days that have calls and those between them, and what each side cost on each: 0 without calls, null where it is not known. */
export function linesOf(rows, isByOrder) {
  const number = (date) => Math.round(Date.parse(date) / DAY);
  const numbers = rows.map((of) => new Map(of.map((row) => [number(row.date), row])));
  const firsts = numbers.map((of) => Math.min(...of.keys()));
  const ends = numbers.map((of, at) => [isByOrder ? 0 : firsts[at], Math.max(...of.keys()) - (isByOrder ? firsts[at] : 0)]).filter(([first]) => Number.isFinite(first));
  if (!ends.length) return { days: [], sides: [] };
  const last = Math.max(...ends.map(([, end]) => end));
  const first = Math.max(Math.min(...ends.map(([start]) => start)), last - MOST_DAYS + 1);
  const days = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const sides = numbers.map((of, at) => days.map((day) => of.get(isByOrder ? day + firsts[at] : day) ?? null));
  return { days, sides, isByOrder };
}

/** A day in words: of times its number, since each has other dates. */
function dayName({ isByOrder }, day, form = "day") {
  return isByOrder ? t("compare.day", { day: count(day + 1) }) : time(new Date(day * DAY + DAY / 2).toISOString(), form);
}

const amount = (row) => (row ? approximateDollars(row.cost_usd) : 0);
const isKnown = (row) => row === null || row.cost_usd !== null;
const inWords = (row) => (row ? cost(row) : money("0"));

/** The panel of a trend, which draws itself as wide as it is. */
export function trendPanel(trend) {
  const figure = el("div", { class: "chart" });
  new ResizeObserver(() => draw(figure, trend)).observe(figure);
  const title = t("compare.trend");
  return el("section", { class: "panel trend", "aria-label": title }, el("header", {}, el("h2", {}, title)), figure, table(trend));
}

function draw(figure, trend) {
  const width = Math.floor(figure.clientWidth);
  if (!width || figure.dataset.width === String(width)) return;
  figure.dataset.width = width;
  const steps = ticks(Math.max(0, ...trend.sides.flat().map(amount)));
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / steps[steps.length - 1]);
  const step = (width - LEFT - RIGHT) / Math.max(1, trend.days.length - 1);
  const x = (at) => LEFT + at * step;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": t("compare.trend") });
  drawing.append(...steps.flatMap((each) => [
    svg("line", { class: each ? "grid" : "ground", x1: LEFT, x2: width - RIGHT, y1: y(each), y2: y(each) }),
    svg("text", { class: "axis", x: LEFT - 8, y: y(each) + 4, "text-anchor": "end" }, `$${Number(each.toPrecision(3))}`),
  ]));
  const labelled = Math.max(1, Math.ceil(LABEL_WIDTH / step));
  trend.days.forEach((day, at) => at % labelled === 0 && drawing.append(svg("text", { class: "axis", x: x(at), y: HEIGHT - 5, "text-anchor": "middle" }, dayName(trend, day))));
  trend.sides.forEach((rows, side) => drawing.append(...lineOf(rows, side, x, y)));
  fill(figure, drawing);
  listen(figure, drawing, trend, (event) => Math.max(0, Math.min(trend.days.length - 1, Math.round((event.clientX - drawing.getBoundingClientRect().left - LEFT) / step))), x);
}

/** A side's line, with gaps where a cost is not known, and its letter at the end. */
function lineOf(rows, side, x, y) {
  const path = rows.map((row, at) => (isKnown(row) ? `${at && isKnown(rows[at - 1]) ? "L" : "M"}${x(at).toFixed(1)} ${y(amount(row)).toFixed(1)}` : "")).join("");
  const end = rows.findLastIndex(isKnown);
  const name = end < 0 ? [] : [svg("text", { class: `name side-${side}`, x: x(end) + 6, y: y(amount(rows[end])) + 4 }, letter(side))];
  return [svg("path", { class: `line side-${side}`, d: path }), ...name];
}

function listen(figure, drawing, trend, dayAt, x) {
  const tip = new Tip(figure);
  const show = (event) => {
    const at = dayAt(event);
    const rows = trend.sides.map((side, number) => el("div", {}, el("b", {}, letter(number)), " ", isKnown(side[at]) ? inWords(side[at]) : t("money.unknown")));
    tip.showBeside(x(at) - 4, x(at) + 4, el("b", {}, dayName(trend, trend.days[at], "fullDay")), rows);
  };
  drawing.addEventListener("pointermove", show);
  drawing.addEventListener("pointerleave", () => tip.hide());
}

function table(trend) {
  const head = [t("unit.day"), ...trend.sides.map((_, side) => letter(side))];
  const row = (day, at) => el("tr", {}, el("th", { scope: "row" }, dayName(trend, day, "fullDay")), trend.sides.map((side) => el("td", { class: "number" }, inWords(side[at]))));
  const inside = el("table", {}, el("thead", {}, el("tr", {}, head.map((words, at) => el("th", { scope: "col", class: at ? "number" : null }, words)))), el("tbody", {}, trend.days.map(row).reverse()));
  return el("details", { class: "as-table" }, el("summary", {}, t("timeline.table")), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("timeline.table") }, inside));
}
