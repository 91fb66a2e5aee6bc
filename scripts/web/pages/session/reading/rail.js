// What is the whole session, and where in it is the reader? Its questions, with a cell a round below each: cost, failures.

import { el, fill, svg } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { approximateDollars, count, money, picoDollars } from "../../shared/text/format.js";
import { beginning } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";

const TITLE = 80;
const CELL = 8;
const PITCH = 10;
/** From how many times the usual cost on a cell is one step darker. */
const STEPS = [0.5, 0.9, 1.4, 3];
const HEATS = STEPS.length + 1;
/** More rounds than that share cells: of those in one the dearest tells its colour. */
const MOST_CELLS = 1200;
/** On a narrow page the rail is a band above the rounds. */
const NARROW = "(max-width: 56rem)";
const MOST_IN_BAND = 240;

/** The rail in a box; `onChoose` is given the number of the round whose cell was pressed. */
export class Rail {
  #box;
  #onChoose;
  #blocks = [];
  #perCell = 1;
  #current = null;
  #here = null;
  #outline = null;
  #found = new Set();

  constructor(box, onChoose) {
    this.#box = box;
    this.#onChoose = onChoose;
  }

  /** Marks the rounds in which something goes wrong. */
  showFound(numbers) {
    if (String([...numbers]) === String([...this.#found])) return;
    this.#found = numbers;
    if (this.#outline) this.show(this.#outline);
  }

  /** Shows the server's outline of the session. */
  show(outline) {
    this.#outline = outline;
    const current = this.#current;
    this.#perCell = Math.max(1, Math.ceil(outline.rounds / (matchMedia(NARROW).matches ? MOST_IN_BAND : MOST_CELLS)));
    const heat = heatOf(outline.costs_usd);
    const marks = { failed: new Set(outline.failed), compacted: new Set(outline.compacted), found: this.#found };
    this.#blocks = blocksOf(outline);
    const asked = this.#blocks.filter(({ title, isTask }) => title && !isTask).length;
    const columns = Math.max(6, Math.floor((this.#box.clientWidth - 26) / PITCH));
    const list = el("ol", {}, this.#blocks.map((block) => el("li", {}, this.#entry(block, outline, heat, marks, columns))));
    fill(
      this.#box,
      el("p", { class: "of-rail" }, el("span", {}, t("rail.questions", { count: asked, questions: count(asked) })), el("span", {}, t("column.rounds"), " ", count(outline.rounds))),
      list,
      heatKey(marks),
    );
    this.#current = this.#here = null;
    if (current) this.mark(current);
  }

  /** Marks the round that is being read, and the question that it answers. */
  mark(number) {
    if (number === this.#current) return;
    this.#current = number;
    this.#here?.classList.remove("here");
    this.#box.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const at = this.#blocks.findLastIndex((block) => block.first <= number);
    if (at < 0) return;
    const { first } = this.#blocks[at];
    const link = this.#box.querySelectorAll("ol > li > a")[at];
    link.setAttribute("aria-current", "true");
    this.#here = link.querySelectorAll("rect")[Math.floor((number - first) / this.#perCell)] ?? null;
    this.#here?.classList.add("here");
    const { offsetTop, offsetHeight } = link;
    const { scrollTop, clientHeight } = this.#box;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight) this.#box.scrollTop = offsetTop - clientHeight / 2;
  }

  #entry({ first, last, title, isTask }, outline, heat, marks, columns) {
    const cells = [];
    for (let from = first; from <= last; from += this.#perCell) {
      cells.push({ from, to: Math.min(last, from + this.#perCell - 1) });
    }
    const failed = outline.failed.filter((number) => number >= first && number <= last).length;
    const known = outline.costs_usd.slice(first - 1, last).filter((usd) => usd !== null);
    const prompt = title ? beginning(title, TITLE) : t("round.title", { round: count(first) });
    const words = [
      isTask ? t("agent.task") : null,
      prompt,
      t("rail.rounds", { count: last - first + 1, rounds: count(last - first + 1) }),
      known.length ? money(known.reduce((sum, usd) => sum + (picoDollars(usd) ?? 0n), 0n)) : null,
      failed ? t("failedRounds", { count: failed, rounds: count(failed) }) : null,
    ].filter(Boolean);
    const rows = Math.ceil(cells.length / columns);
    const width = Math.min(columns, cells.length) * PITCH;
    const drawing = svg("svg", { class: "cells", viewBox: `0 0 ${width} ${rows * PITCH}`, width, height: rows * PITCH, "aria-hidden": "true" });
    cells.forEach(({ from, to }, at) => {
      const numbers = Array.from({ length: to - from + 1 }, (_, number) => from + number);
      const heats = numbers.map((number) => heat(outline.costs_usd[number - 1])).filter((level) => level !== null);
      const classes = [
        heats.length ? `heat-${Math.max(...heats)}` : "heat-none",
        numbers.some((number) => marks.failed.has(number)) ? "is-failed" : "",
        numbers.some((number) => marks.compacted.has(number)) ? "is-compacted" : "",
        numbers.some((number) => marks.found.has(number)) ? "is-found" : "",
      ];
      drawing.append(svg("rect", { class: classes.filter(Boolean).join(" "), x: (at % columns) * PITCH + 1, y: Math.floor(at / columns) * PITCH + 1, width: CELL, height: CELL, rx: 2, "data-round": numbers.find((number) => marks.failed.has(number)) ?? from }));
    });
    const press = (event) => {
      const number = Number(event.target.dataset?.round);
      if (!number || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#onChoose(number);
    };
    return el(
      "a",
      { href: `#r${first}`, title: words.join(" · "), on: { click: press } },
      el("span", { class: "prompt", dir: "auto" }, isTask ? icon("model") : null, prompt),
      el("span", { class: "number" }, count(first)),
      el("span", { class: "hidden" }, `, ${words.filter((each) => each !== prompt).join(", ")}`),
      drawing,
    );
  }
}

/** What the colours and edges of the cells mean: those that there are. */
function heatKey({ failed, compacted, found }) {
  const heats = Array.from({ length: HEATS }, (_, level) => el("i", { class: `heat-${level}` }));
  const edge = (className, words) => el("span", {}, el("i", { class: className }), words);
  return el(
    "p",
    { class: "of-rail heat-key", "aria-hidden": "true" },
    el("span", {}, t("rail.cheap"), heats, t("rail.dear")),
    failed.size ? edge("key-failed", t("mark.error")) : null,
    compacted.size ? edge("key-compacted", t("rail.compacted")) : null,
    found.size ? edge("key-found", t("rail.found")) : null,
  );
}

/** The rounds of each question, or of each task that a sub-agent was given, and those before the first one. */
function blocksOf({ rounds, questions, sub_agents: agents }) {
  const tasks = new Set(agents.map(({ round }) => round));
  const starts = questions.map(({ round, title }) => ({ first: round, title, isTask: tasks.has(round) }));
  if (rounds && starts[0]?.first !== 1) starts.unshift({ first: 1, title: "" });
  return starts.map((start, at) => ({ ...start, last: (starts[at + 1]?.first ?? rounds + 1) - 1 }));
}

/** How dear a round is beside a usual one of the session: 0 to 4, null where its cost is not known. */
function heatOf(costs) {
  const dollars = costs.filter((usd) => usd !== null).map(approximateDollars).filter((amount) => amount > 0).sort((one, other) => one - other);
  const usual = dollars[Math.floor(dollars.length / 2)] || 1;
  return (usd) => {
    if (usd === null || usd === undefined) return null;
    const times = approximateDollars(usd) / usual;
    return STEPS.filter((step) => times >= step).length;
  };
}
