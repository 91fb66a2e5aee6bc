// How did the context grow, and where did something happen to it? A chart that is a way to the rounds as well.

import { Tip, ticks } from "../shared/charts.js";
import { el, fill, svg } from "../shared/dom.js";
import { compact, count, percent } from "../shared/format.js";
import { t } from "../shared/texts.js";

const HEIGHT = 190;
const TOP = 14;
const BOTTOM = 34;
const LEFT = 44;
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
  #points = [];
  #at = -1;
  #scale = null;
  #tip = null;
  #width = 0;

  constructor(box, onChoose) {
    this.#box = box;
    this.#onChoose = onChoose;
    new ResizeObserver(() => {
      if (this.#box.clientWidth && this.#box.clientWidth !== this.#width) this.#draw();
    }).observe(box);
  }

  /** Shows the points of the server's answer. */
  show(points) {
    this.#points = points;
    this.#draw();
  }

  /** Shows which round is being read. */
  mark(number) {
    const line = this.#box.querySelector(".here");
    if (!line || !this.#scale) return;
    const x = this.#scale.x(number);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  }

  #draw() {
    const points = this.#points;
    const width = this.#box.clientWidth;
    this.#width = width;
    if (!points.length || !width) {
      fill(this.#box);
      return;
    }
    const first = points[0].round;
    const last = Math.max(points[points.length - 1].round, first + 1);
    const steps = ticks(Math.max(...points.map((point) => point.input_tokens)), 3);
    const top = steps[steps.length - 1];
    const x = (round) => LEFT + ((round - first) / (last - first)) * (width - LEFT - 8);
    const y = (tokens) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - tokens / top);
    this.#scale = { x, y };
    const known = points.filter((point) => point.input_tokens > 0);
    const ground = y(0).toFixed(1);
    const area = (value) => {
      const line = known.map((point) => `${x(point.round).toFixed(1)},${y(value(point)).toFixed(1)}`);
      return known.length ? `${x(known[0].round).toFixed(1)},${ground} ${line.join(" ")} ${x(known[known.length - 1].round).toFixed(1)},${ground}` : "";
    };
    const drawing = svg("svg", {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      height: HEIGHT,
      role: "slider",
      tabindex: "0",
      "aria-label": t("growth.slider"),
      "aria-valuemin": first,
      "aria-valuemax": points[points.length - 1].round,
      "aria-valuenow": first,
    });
    for (const step of steps) {
      drawing.append(
        svg("line", { class: step ? "grid" : "ground", x1: LEFT, x2: width - 8, y1: y(step), y2: y(step) }),
        svg("text", { class: "axis", x: LEFT - 6, y: y(step) + 4, "text-anchor": "end" }, compact(step)),
      );
    }
    drawing.append(
      svg("polygon", { class: "area-input", points: area((point) => point.input_tokens) }),
      svg("polygon", { class: "area-cached", points: area((point) => point.cached_tokens) }),
      svg("polyline", { class: "line-input", points: known.map((point) => `${x(point.round).toFixed(1)},${y(point.input_tokens).toFixed(1)}`).join(" ") }),
      svg("line", { class: "here", x1: -9, x2: -9, y1: TOP, y2: y(0) }),
      svg("text", { class: "axis", x: LEFT, y: HEIGHT - 3 }, `#${first}`),
      svg("text", { class: "axis", x: width - 8, y: HEIGHT - 3, "text-anchor": "end" }, `#${points[points.length - 1].round}`),
    );
    drawing.append(...this.#marks(y(0) + 9));
    const cursor = svg("line", { class: "cursor", x1: -9, x2: -9, y1: TOP, y2: y(0) });
    drawing.append(cursor);
    fill(this.#box, drawing);
    this.#tip = new Tip(this.#box);
    this.#listen(drawing, cursor);
  }

  /** The marks under the chart; where they would lie on each other one stands for those beside it. */
  #marks(y) {
    const drawn = {};
    const found = [];
    for (const { round, marks } of this.#points) {
      const x = this.#scale.x(round);
      for (const mark of marks) {
        if (x - (drawn[mark] ?? -APART) < APART) continue;
        drawn[mark] = x;
        found.push(svg("path", { class: `mark ${mark}`, d: SHAPES[mark], transform: `translate(${x.toFixed(1)} ${y})` }));
      }
    }
    return found;
  }

  #listen(drawing, cursor) {
    const nearest = (event) => {
      const at = event.clientX - drawing.getBoundingClientRect().left;
      let best = 0;
      this.#points.forEach((point, number) => {
        if (Math.abs(this.#scale.x(point.round) - at) < Math.abs(this.#scale.x(this.#points[best].round) - at)) best = number;
      });
      return best;
    };
    const show = (number) => {
      this.#at = number;
      const point = this.#points[number];
      const x = this.#scale.x(point.round);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      const lines = inWords(point);
      drawing.setAttribute("aria-valuenow", point.round);
      drawing.setAttribute("aria-valuetext", lines.join(", "));
      this.#tip.show(x, this.#scale.y(point.input_tokens), lines.map((line, at) => el(at ? "div" : "b", {}, line)));
    };
    const hide = () => {
      cursor.setAttribute("x1", -9);
      cursor.setAttribute("x2", -9);
      this.#tip.hide();
    };
    drawing.addEventListener("pointermove", (event) => show(nearest(event)));
    drawing.addEventListener("pointerleave", hide);
    drawing.addEventListener("blur", hide);
    drawing.addEventListener("focus", () => drawing.matches(":focus-visible") && show(Math.max(0, this.#at)));
    drawing.addEventListener("click", (event) => this.#onChoose(this.#points[nearest(event)].round));
    drawing.addEventListener("keydown", (event) => {
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
        show(Math.max(0, Math.min(end, next)));
      } else if (event.key === "Enter" && this.#at >= 0) {
        event.preventDefault();
        this.#onChoose(this.#points[this.#at].round);
      }
    });
  }
}

function inWords(point) {
  const { round, input_tokens: input, cached_tokens: cached, output_tokens: output, marks } = point;
  return [
    t("round.title", { round: count(round) }),
    t("growth.input", { tokens: compact(input), share: input ? percent(cached / input) : percent(0) }),
    t("round.out", { tokens: compact(output) }),
    ...marks.map((mark) => t(MARK_TEXTS[mark])),
  ];
}

/** What the shapes mean: those that there are. */
export function legendOf(points) {
  const there = Object.keys(SHAPES).filter((mark) => points.some((point) => point.marks.includes(mark)));
  const shape = (mark) => svg("svg", { class: "key", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, svg("path", { class: `mark ${mark}`, d: SHAPES[mark] }));
  return el(
    "ul",
    { class: "legend" },
    el("li", {}, el("i", { class: "swatch part-fresh" }), t("growth.fresh")),
    el("li", {}, el("i", { class: "swatch part-cached" }), t("growth.cached")),
    there.map((mark) => el("li", {}, shape(mark), t(MARK_TEXTS[mark]))),
  );
}
