// Where in the session is the reader? A row a round, which is the way to it too.

import { el, fill } from "../shared/dom.js";
import { count } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { beginning } from "../shared/log_text.js";
import { t } from "../shared/texts.js";
import { hasFailed, threadOf, tokensOf, wasLeft } from "./remarks.js";
import { promptOf } from "./round.js";

/** The rail in a box. */
export class Rail {
  #box;
  #list;
  #current = null;

  constructor(box) {
    this.#box = box;
    this.#list = el("ol", {});
    fill(box, this.#list);
  }

  /** Shows these rounds; the bars are drawn against the largest of them. */
  show(rounds) {
    const most = Math.max(1, ...rounds.map((round) => (round.input_tokens ?? 0) + (round.output_tokens ?? 0)));
    const hasThreads = rounds.some((round) => threadOf(round) > 1);
    fill(this.#list, rounds.map((round) => entry(round, most, hasThreads)));
    this.#current = null;
  }

  /** Marks the round that is being read. */
  mark(number) {
    if (number === this.#current) return;
    this.#current = number;
    this.#list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const link = this.#list.querySelector(`a[href="#r${number}"]`);
    if (!link) return;
    link.setAttribute("aria-current", "true");
    const { offsetTop, offsetHeight, offsetLeft, offsetWidth } = link;
    const { scrollTop, clientHeight, scrollLeft, clientWidth } = this.#box;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight) this.#box.scrollTop = offsetTop - clientHeight / 2;
    if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth) this.#box.scrollLeft = offsetLeft - clientWidth / 2;
  }
}

function entry(round, most, hasThreads) {
  const prompt = promptOf(round);
  const tools = round.tool_calls?.length ?? 0;
  const words = [
    hasThreads ? t("thread.name", { number: count(threadOf(round)) }) : null,
    tokensOf(round).words,
    tools ? t("rail.tools", { count: tools, tools: count(tools) }) : null,
    hasFailed(round) ? t("mark.error") : null,
    wasLeft(round) ? t("mark.left") : null,
  ].filter(Boolean);
  const bar = el("span", { class: "size" }, el("span", { class: "part-cached" }), el("span", { class: "part-fresh" }), el("span", { class: "part-output" }));
  const amounts = [round.cached_tokens, round.input_tokens - round.cached_tokens, round.output_tokens];
  amounts.forEach((amount, at) => {
    bar.children[at].style.width = `${((Math.max(0, amount) / most) * 100).toFixed(2)}%`;
  });
  return el(
    "li",
    { class: prompt ? "has-prompt" : null },
    el(
      "a",
      { href: `#r${round.round}`, title: [t("round.title", { round: count(round.round) }), ...words].join(" · ") },
      el("span", { class: "number" }, round.round),
      bar,
      el("span", { class: "hidden" }, `, ${words.join(", ")}. `),
      el("span", { class: "marks" }, hasFailed(round) ? icon("error") : wasLeft(round) ? icon("exit") : null, tools ? icon("tool") : null),
      prompt ? el("span", { class: "prompt", dir: "auto" }, beginning(prompt, 48)) : null,
    ),
  );
}
