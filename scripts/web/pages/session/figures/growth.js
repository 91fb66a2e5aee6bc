// How did the context grow, and where did something happen to it? A chart that is a way to the rounds as well.
//
// Each conversation of a session grows by its own: where there are several, each has a line, and one can be shown alone.

import { el, fill, svg } from "../../shared/dom.js";
import { compact, count, percent } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { Tip, ticks } from "../../shared/ui/charts.js";
import { threadOf } from "../rounds/remarks.js";

const HEIGHT = 190;
const TOP = 14;
const BOTTOM = 34;
const LEFT = 44;
const RIGHT = 8;
const OUTSIDE = -9;
/** Kinds of lines, in colours that no model has. */
const COLOURS = 6;
/** All conversations of the session at once. */
export const ALL_THREADS = 0;
const APART = 7;
const MARK_TEXTS = { error: "mark.error", model: "mark.model", compaction: "mark.compaction" };
/** A mark's shape, around its middle: they differ without their colours. */
const SHAPES = {
  error: "M-3.5-3.5 3.5 3.5M3.5-3.5-3.5 3.5",
  model: "M0-4.5 4.5 0 0 4.5-4.5 0Z",
  compaction: "M-4.5-3.5h9L0 4Z",
};

/** The chart in a box; `onChoose` is given the number of a round. */
export class GrowthChart {
  #box;
  #onChoose;
  #all = [];
  #points = [];
  #thread = ALL_THREADS;
  #at = -1;
  #width = 0;
  #scale = null;
  #drawing = null;
  #here = null;
  #cursor = null;
  #tip = null;

  constructor(box, onChoose) {
    this.#box = box;
    this.#onChoose = onChoose;
    new ResizeObserver(() => {
      if (this.#box.clientWidth && this.#box.clientWidth !== this.#width) this.#draw();
    }).observe(box);
  }

  /** Shows the points of the server's answer, of all conversations or of one by its number. */
  show(points, thread = ALL_THREADS) {
    if (thread !== this.#thread) this.#at = -1;
    this.#thread = thread;
    this.#all = points;
    this.#points = ofThread(points, thread);
    this.#draw();
  }

  /** Shows which round is being read. */
  mark(number) {
    if (this.#here) moveTo(this.#here, this.#scale.holds(number) ? this.#scale.x(number) : OUTSIDE);
  }

  #draw() {
    this.#width = this.#box.clientWidth;
    this.#here = null;
    if (!this.#points.length || !this.#width) {
      fill(this.#box);
      return;
    }
    this.#scale = scaleOf(this.#points, this.#width);
    this.#here = upright("here", this.#scale);
    this.#cursor = upright("cursor", this.#scale);
    this.#drawing = slider(this.#points, this.#width);
    const lines = new Set(this.#points.map(threadOf)).size > 1 ? lineOfEach(this.#points, this.#scale) : curves(this.#points, this.#scale);
    this.#drawing.append(...grid(this.#scale), ...lines, this.#here);
    this.#drawing.append(...ends(this.#points, this.#scale), ...marks(this.#points, this.#scale), this.#cursor);
    fill(this.#box, this.#drawing);
    this.#tip = new Tip(this.#box);
    this.#listen();
  }

  #listen() {
    const drawing = this.#drawing;
    drawing.addEventListener("pointermove", (event) => this.#pointAt(this.#nearest(event)));
    drawing.addEventListener("pointerleave", () => this.#leave());
    drawing.addEventListener("blur", () => this.#leave());
    drawing.addEventListener("focus", () => drawing.matches(":focus-visible") && this.#pointAt(Math.max(0, this.#at)));
    drawing.addEventListener("click", (event) => this.#choose(this.#nearest(event)));
    drawing.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #nearest(event) {
    const at = event.clientX - this.#drawing.getBoundingClientRect().left;
    const distance = (point) => Math.abs(this.#scale.x(point.round) - at);
    return this.#points.reduce((best, point, number) => (distance(point) < distance(this.#points[best]) ? number : best), 0);
  }

  /** Says what there is to know of a point, beside it. */
  #pointAt(number) {
    this.#at = number;
    const point = this.#points[number];
    const x = this.#scale.x(point.round);
    const lines = inWords(point, this.#all);
    moveTo(this.#cursor, x);
    this.#drawing.setAttribute("aria-valuenow", point.round);
    this.#drawing.setAttribute("aria-valuetext", lines.join(", "));
    this.#tip.show(x, this.#scale.y(point.input_tokens ?? 0), lines.map((line, at) => el(at ? "div" : "b", {}, line)));
  }

  #leave() {
    moveTo(this.#cursor, OUTSIDE);
    this.#tip.hide();
  }

  #choose(number) {
    this.#onChoose(this.#points[number].round);
  }

  #pressed(event) {
    const end = this.#points.length - 1;
    const leap = Math.max(1, Math.round(end / 10));
    const next = {
      ArrowRight: this.#at + 1,
      ArrowUp: this.#at + 1,
      ArrowLeft: this.#at - 1,
      ArrowDown: this.#at - 1,
      PageUp: this.#at + leap,
      PageDown: this.#at - leap,
      Home: 0,
      End: end,
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.#pointAt(Math.max(0, Math.min(end, next)));
    } else if (event.key === "Enter" && this.#at >= 0) {
      event.preventDefault();
      this.#choose(this.#at);
    }
  }
}

// -- what is drawn ------------------------------------------------------------------------------------------------------

/** Where rounds and tokens stand in the drawing, and the steps of the axis. */
function scaleOf(points, width) {
  const first = points[0].round;
  const last = Math.max(points[points.length - 1].round, first + 1);
  const steps = ticks(Math.max(...points.map((point) => point.input_tokens)), 3);
  const top = steps[steps.length - 1];
  const right = width - RIGHT;
  const x = (round) => LEFT + ((round - first) / (last - first)) * (right - LEFT);
  const y = (tokens) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - tokens / top);
  return { x, y, steps, right, holds: (round) => round >= first && round <= last };
}

function slider(points, width) {
  return svg("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    height: HEIGHT,
    role: "slider",
    tabindex: "0",
    "aria-label": t("growth.slider"),
    "aria-valuemin": points[0].round,
    "aria-valuemax": points[points.length - 1].round,
    "aria-valuenow": points[0].round,
  });
}

function grid({ y, steps, right }) {
  return steps.flatMap((step) => [
    svg("line", { class: step ? "grid" : "ground", x1: LEFT, x2: right, y1: y(step), y2: y(step) }),
    svg("text", { class: "axis", x: LEFT - 6, y: y(step) + 4, "text-anchor": "end" }, compact(step)),
  ]);
}

/** What was sent, and the part of it that came from a cache; calls that failed tell no size. */
function curves(points, { x, y }) {
  const known = points.filter((point) => point.input_tokens > 0);
  const at = (point, tokens) => `${x(point.round).toFixed(1)},${y(tokens).toFixed(1)}`;
  const line = (kind) => known.map((point) => at(point, point[kind] ?? 0)).join(" ");
  const area = (kind) => (known.length ? `${at(known[0], 0)} ${line(kind)} ${at(known[known.length - 1], 0)}` : "");
  return [
    svg("polygon", { class: "area-input", points: area("input_tokens") }),
    svg("polygon", { class: "area-cached", points: area("cached_tokens") }),
    svg("polyline", { class: "line-input", points: line("input_tokens") }),
  ];
}

/** A line for each conversation: what one sent says nothing of another. */
function lineOfEach(points, { x, y }) {
  const at = (point) => `${x(point.round).toFixed(1)},${y(point.input_tokens).toFixed(1)}`;
  return threadsOf(points).map(({ className, points: own }) => {
    const known = own.filter((point) => point.input_tokens > 0);
    if (known.length !== 1) return svg("polyline", { class: `line-thread ${className}`, points: known.map(at).join(" ") });
    return svg("circle", { class: `dot-thread ${className}`, cx: x(known[0].round), cy: y(known[0].input_tokens), r: 2 });
  });
}

/** The conversations in the order of their numbers; those of most rounds have a kind of line of their own. */
function threadsOf(points) {
  const threads = new Map();
  for (const point of points) {
    const number = threadOf(point);
    threads.set(number, [...(threads.get(number) ?? []), point]);
  }
  const numbers = [...threads.keys()].sort((one, other) => threads.get(other).length - threads.get(one).length || one - other);
  const colour = new Map(numbers.slice(0, COLOURS).map((number, at) => [number, at + 1]));
  return [...threads]
    .map(([number, own]) => ({ number, points: own, colour: colour.get(number) ?? 0, className: `thread-${colour.get(number) ?? 0}` }))
    .sort((one, other) => one.number - other.number);
}

/** The numbers of the first and the last round. */
function ends(points, { right }) {
  return [
    svg("text", { class: "axis", x: LEFT, y: HEIGHT - 3 }, `#${points[0].round}`),
    svg("text", { class: "axis", x: right, y: HEIGHT - 3, "text-anchor": "end" }, `#${points[points.length - 1].round}`),
  ];
}

/** The marks under the chart; where they would lie on each other one stands for those beside it. */
function marks(points, { x, y }) {
  const drawnAt = {};
  const shapes = [];
  for (const point of points) {
    const at = x(point.round);
    for (const mark of point.marks) {
      if (at - (drawnAt[mark] ?? -APART) < APART) continue;
      drawnAt[mark] = at;
      shapes.push(svg("path", { class: `mark ${mark}`, d: SHAPES[mark], transform: `translate(${at.toFixed(1)} ${y(0) + 9})` }));
    }
  }
  return shapes;
}

/** A line from top to bottom, outside the drawing until it is moved. */
function upright(className, { y }) {
  return svg("line", { class: className, x1: OUTSIDE, x2: OUTSIDE, y1: TOP, y2: y(0) });
}

function moveTo(line, x) {
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
}

function inWords(point, all) {
  const { round, input_tokens: input, cached_tokens: cached, output_tokens: output, marks } = point;
  return [
    t("round.title", { round: count(round) }),
    hasSeveral(all) ? t("thread.name", { number: count(threadOf(point)) }) : null,
    ...(input === null
      ? [t("round.noTokens")]
      : [t("growth.input", { tokens: compact(input), share: input && cached !== null ? percent(cached / input) : "–" }), t("round.out", { tokens: compact(output) })]),
    ...marks.map((mark) => t(MARK_TEXTS[mark])),
  ].filter(Boolean);
}

function ofThread(points, thread) {
  return thread === ALL_THREADS ? points : points.filter((point) => threadOf(point) === thread);
}

function hasSeveral(points) {
  return points.some((point) => threadOf(point) > 1);
}

/** A box to choose one conversation from, where there are several; `onChoose` is given its number. */
export function threadBox(points, chosen, onChoose) {
  if (!hasSeveral(points)) return null;
  const numbers = threadsOf(points).map(({ number }) => number);
  const options = [[ALL_THREADS, t("thread.all")], ...numbers.map((number) => [number, t("thread.name", { number: count(number) })])];
  const select = el(
    "select",
    { class: "quiet", "aria-label": t("thread.choose"), on: { change: () => onChoose(Number(select.value)) } },
    options.map(([number, words]) => el("option", { value: number, selected: number === chosen }, words)),
  );
  return select;
}

/** What the shapes mean: those that there are. */
export function legendOf(all, thread) {
  const points = ofThread(all, thread);
  const there = Object.keys(SHAPES).filter((mark) => points.some((point) => point.marks.includes(mark)));
  const shape = (mark) => svg("svg", { class: "key", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, svg("path", { class: `mark ${mark}`, d: SHAPES[mark] }));
  return el(
    "ul",
    { class: "legend" },
    new Set(points.map(threadOf)).size > 1 ? linesInWords(points) : areasInWords(),
    there.map((mark) => el("li", {}, shape(mark), t(MARK_TEXTS[mark]))),
  );
}

function areasInWords() {
  return [
    el("li", {}, el("i", { class: "swatch part-fresh" }), t("growth.fresh")),
    el("li", {}, el("i", { class: "swatch part-cached" }), t("growth.cached")),
  ];
}

function linesInWords(points) {
  const threads = threadsOf(points);
  const line = (className) => svg("svg", { class: "key of-line", viewBox: "0 0 24 8", "aria-hidden": "true" }, svg("line", { class: `line-thread ${className}`, x1: 0, x2: 24, y1: 4, y2: 4 }));
  const named = threads.filter(({ colour }) => colour);
  return [
    named.map(({ number, className }) => el("li", {}, line(className), t("thread.name", { number: count(number) }))),
    named.length < threads.length ? el("li", {}, line("thread-0"), t("others")) : null,
  ];
}
