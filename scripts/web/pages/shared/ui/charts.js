// What do small and large charts share: lines, scales, and a box that says what the pointer is at?

import { el, svg } from "../dom.js";

/** A round number not below the largest value, and the steps up to it. */
export function ticks(largest, most = 4) {
  if (!(largest > 0)) return [0, 1];
  const rough = largest / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999);
  const steps = [];
  for (let number = 0; number <= Math.ceil(largest / step - 1e-9); number++) steps.push(number * step);
  return steps;
}

/** A line of values without axes; words go beside it for those who do not see it. */
export function sparkline(values, label, width = 88, height = 22) {
  const node = svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  if (!values?.length) return node;
  const most = Math.max(...values, 1);
  const step = values.length > 1 ? (width - 4) / (values.length - 1) : 0;
  const points = values.map((value, at) => [2 + at * step, height - 2 - (value / most) * (height - 5)]);
  if (points.length === 1) points.push([width - 2, points[0][1]]);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const [end] = points.slice(-1);
  node.append(
    svg("polygon", { points: `2,${height - 1} ${line} ${end[0].toFixed(1)},${height - 1}`, class: "spark-area" }),
    svg("polyline", { points: line, class: "spark-line" }),
    svg("circle", { cx: end[0].toFixed(1), cy: end[1].toFixed(1), r: 1.8, class: "spark-end" }),
  );
  return node;
}

/** A bar for a part of a whole. */
export function meter(part, className = "") {
  const bar = el("span", { class: `meter ${className}`, "aria-hidden": "true" }, el("span", {}));
  bar.firstChild.style.width = `${(Math.max(0, Math.min(1, part || 0)) * 100).toFixed(2)}%`;
  return bar;
}

/** A bar of several parts: `[class, amount]`. */
export function partsBar(parts, label) {
  const total = parts.reduce((sum, [, amount]) => sum + amount, 0);
  const bar = el("span", { class: "parts-bar", role: "img", "aria-label": label });
  for (const [className, amount] of parts) {
    if (!amount) continue;
    const part = el("span", { class: className });
    part.style.flexGrow = String(amount / total);
    bar.append(part);
  }
  return bar;
}

const BESIDE = 8;

/** A box that follows what is pointed at, inside a positioned parent. */
export class Tip {
  constructor(parent) {
    this.node = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    parent.append(this.node);
  }

  /** Shows content at a place in the parent. */
  show(x, y, ...content) {
    this.node.replaceChildren(...content.flat());
    this.node.hidden = false;
    const room = this.node.parentElement.clientWidth;
    const width = this.node.offsetWidth;
    this.node.style.left = `${Math.max(0, Math.min(room - width, x - width / 2))}px`;
    this.node.style.top = `${Math.max(0, y - this.node.offsetHeight - 8)}px`;
  }

  /** Shows content beside what lies between two places of the parent, never on it where there is room. */
  showBeside(left, right, ...content) {
    this.node.replaceChildren(...content.flat());
    this.node.hidden = false;
    const room = this.node.parentElement.clientWidth;
    const width = this.node.offsetWidth;
    const behind = right + BESIDE + width <= room ? right + BESIDE : left - BESIDE - width;
    this.node.style.left = `${Math.max(0, Math.min(room - width, behind))}px`;
    this.node.style.top = "0px";
  }

  hide() {
    this.node.hidden = true;
  }
}
