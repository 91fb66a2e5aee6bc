// Which figures does one want in sight wherever one reads? Under the title, and as one line where that is scrolled away.

import { button, el, fill } from "../../shared/dom.js";
import { compact, cost, count, money, percent, picoDollars } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { sparkline } from "../../shared/ui/charts.js";

/** The strip in a box and the line that stands for it; a press goes to what failed, or opens all `facts`. */
export class Strip {
  #box;
  #line;
  #facts;
  #onFailed;
  #isOpen = false;

  constructor(box, line, { facts, onFailed }) {
    this.#box = box;
    this.#line = line;
    this.#facts = facts;
    this.#onFailed = onFailed;
    new IntersectionObserver(([entry]) => {
      line.hidden = entry.isIntersecting || entry.boundingClientRect.top > 0 || !entry.boundingClientRect.height;
    }).observe(box);
  }

  /** Shows the server's answer about the session. */
  show(answer) {
    const { session, context } = answer;
    const sizes = context.map((point) => point.input_tokens).filter((tokens) => tokens !== null);
    const saved = picoDollars(session.cache_savings_usd) ?? 0n;
    const figures = [
      [t("facts.cost"), cost(session), null],
      [t("facts.rounds"), count(session.messages_count), null],
      [t("strip.failed"), this.#failed(session), null],
      [t("strip.cached"), session.total_input_tokens ? percent(session.cached_share) : "–", saved > 0n ? t("cards.cached.saved", { money: money(saved) }) : null],
      [t("strip.context"), sizes.length ? compact(sizes[sizes.length - 1]) : "–", sizes.length ? t("strip.peak", { tokens: compact(Math.max(...sizes)) }) : null],
    ];
    const spark = sizes.length > 1 ? sparkline(sizes, t("growth.title"), 200, 28) : null;
    const more = button({ class: "quiet all-facts", "aria-expanded": String(this.#isOpen), "aria-controls": "facts" }, () => this.#toggle(more), t("strip.all"));
    fill(
      this.#box,
      el("dl", {}, figures.map(([label, value, note]) => el("div", {}, el("dt", {}, label), el("dd", {}, el("b", {}, value), note && el("small", {}, ` ${note}`))))),
      spark,
      more,
    );
    fill(
      this.#line,
      figures.map(([label, value], at) => el("span", {}, el("small", {}, label), " ", at === 2 ? this.#failed(session) : value)),
    );
  }

  /** How many rounds failed, as a way to the next of them. */
  #failed({ failed_count: failed }) {
    if (!failed) return "0";
    return button({ class: "link failed", title: t("keys.nextFailed") }, () => this.#onFailed(), count(failed));
  }

  #toggle(pressed) {
    this.#isOpen = !this.#isOpen;
    pressed.setAttribute("aria-expanded", String(this.#isOpen));
    this.#facts.classList.toggle("is-open", this.#isOpen);
  }
}
