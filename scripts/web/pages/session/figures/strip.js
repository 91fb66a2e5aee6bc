// Which figures does one want in sight wherever one reads? Under the title, and as one line where that is scrolled away.

import { button, el, fill } from "../../shared/dom.js";
import { severityName } from "../../shared/text/alert_words.js";
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
  #answer = null;
  #findings = null;

  constructor(box, line, { facts, onFailed }) {
    this.#box = box;
    this.#line = line;
    this.#facts = facts;
    this.#onFailed = onFailed;
    new IntersectionObserver(([entry]) => {
      line.hidden = entry.isIntersecting || entry.boundingClientRect.top > 0 || !entry.boundingClientRect.height;
    }).observe(box);
  }

  /** Shows how many findings there are, and the gravest severity of them. */
  showFindings(findings) {
    this.#findings = findings;
    if (this.#answer) this.show(this.#answer);
  }

  /** Shows the server's answer about the session. */
  show(answer) {
    this.#answer = answer;
    const { session, context } = answer;
    const sizes = context.map((point) => point.input_tokens).filter((tokens) => tokens !== null);
    const saved = picoDollars(session.cache_savings_usd) ?? 0n;
    const figures = [
      [t("facts.cost"), () => cost(session), null],
      [t("facts.rounds"), () => count(session.messages_count), null],
      [t("strip.failed"), () => this.#failed(session), null],
      this.#findings ? [t("strip.findings"), () => this.#found(), null] : null,
      [t("strip.cached"), () => (session.total_input_tokens ? percent(session.cached_share) : "–"), saved > 0n ? t("cards.cached.saved", { money: money(saved) }) : null],
      [t("strip.context"), () => (sizes.length ? compact(sizes[sizes.length - 1]) : "–"), sizes.length ? t("strip.peak", { tokens: compact(Math.max(...sizes)) }) : null],
    ].filter(Boolean);
    const spark = sizes.length > 1 ? sparkline(sizes, t("growth.title"), 200, 28) : null;
    const more = button({ class: "quiet all-facts", "aria-expanded": String(this.#isOpen), "aria-controls": "facts" }, () => this.#toggle(more), t("strip.all"));
    fill(
      this.#box,
      el("dl", {}, figures.map(([label, value, note]) => el("div", {}, el("dt", {}, label), el("dd", {}, el("b", {}, value()), note && el("small", {}, ` ${note}`))))),
      spark,
      more,
    );
    fill(
      this.#line,
      figures.map(([label, value]) => el("span", {}, el("small", {}, label), " ", value())),
    );
  }

  /** How many rounds failed, as a way to the next of them. */
  #failed({ failed_count: failed }) {
    if (!failed) return "0";
    return button({ class: "link failed", title: t("keys.nextFailed") }, () => this.#onFailed(), count(failed));
  }

  /** How many findings there are, as a way to them. */
  #found() {
    const { length } = this.#findings;
    if (!length) return "0";
    const { severity } = this.#findings[0];
    const press = () => {
      if (!this.#isOpen) this.#toggle(this.#box.querySelector(".all-facts"));
      document.getElementById("findings-title")?.scrollIntoView({ block: "start" });
    };
    return button({ class: `link grave ${severity}`, title: severityName(severity) }, press, count(length));
  }

  #toggle(pressed) {
    this.#isOpen = !this.#isOpen;
    pressed.setAttribute("aria-expanded", String(this.#isOpen));
    this.#facts.classList.toggle("is-open", this.#isOpen);
  }
}
