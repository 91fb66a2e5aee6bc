// Which round is being read, and how does one get to another?

import { byId, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { announce } from "../../shared/ui/notices.js";
import { openRound, promptOf } from "../rounds/round.js";

const READING_LINE = 160;
const PASSING = 8000;

/** The number of the round that the address asks for, or null. */
export function roundInAddress() {
  const match = /^#r(\d{1,9})$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

/** The reader's place among the rounds; `onRead` hears which one is read, `onJump` to which one they go, `onHidden` that it is not shown. */
export class Navigation {
  #rounds;
  #box;
  #holding;
  #missing;
  #onRead;
  #onJump;
  #onHidden;
  #current = null;
  #wanted = null;
  #target = null;

  constructor(rounds, { box, holding, missing, onRead, onJump, onHidden }) {
    this.#rounds = rounds;
    this.#box = box;
    this.#holding = holding;
    this.#missing = missing;
    this.#onRead = onRead;
    this.#onJump = onJump;
    this.#onHidden = onHidden;
  }

  /** The number of the round that is being read, or null. */
  get current() {
    return this.#current;
  }

  /** Goes to a round; the address says so, and the browser's way back leads here, but not by each `step` of a way. */
  goTo(number, { isStep = false } = {}) {
    if (roundInAddress() !== number) history[isStep ? "replaceState" : "pushState"](null, "", `#r${number}`);
    return this.followAddress({ isStep });
  }

  /** Opens the round that is being read, or makes it a line again. */
  toggle() {
    const article = byId(`r${this.#current}`);
    if (article) openRound(article, !article.classList.contains("is-open"));
  }

  /** Shows the round that the address asks for, at the top; of one that there is not it says so. */
  async followAddress({ isStep = false } = {}) {
    const number = roundInAddress();
    if (number === null) return;
    this.#wanted = number;
    this.#onJump(number);
    fill(this.#missing);
    if (this.#rounds.hides(number)) this.#onHidden(number);
    let isThere = false;
    try {
      isThere = number >= 1 && (await this.#rounds.reach(number));
    } catch (error) {
      this.#say(error.message);
      return;
    }
    // Meanwhile the reader may have gone on.
    if (this.#wanted !== number) return;
    if (isThere) this.#showTarget(number, isStep);
    else this.#say(t("missing.round", { round: count(number), count: this.#rounds.total, rounds: count(this.#rounds.total) }));
    if (this.#wanted === number) this.#wanted = null;
  }

  /** Stands at a round again after others came around it, if the reader has not gone on meanwhile. */
  returnTo(number) {
    const article = byId(`r${number}`);
    if (!article || this.#wanted !== null) return;
    this.#holding.top(article);
    this.read(number);
  }

  /** The target stands where it belongs again, after the reader opened or closed all. */
  holdTarget() {
    const target = this.#box.querySelector(".is-target");
    if (target && this.#holding.element === target) this.#holding.top(target);
  }

  #showTarget(number, isStep) {
    const article = byId(`r${number}`);
    if (!isStep) openRound(article);
    this.#target = number;
    for (const target of document.querySelectorAll(".round.is-target")) target.classList.remove("is-target");
    article.classList.add("is-target");
    article.focus({ preventScroll: true });
    this.#holding.top(article);
    this.read(number);
  }

  #say(words) {
    this.#wanted = null;
    this.tellForGood(words);
  }

  /** Says above the rounds what is so from now on. */
  tellForGood(words) {
    announce(words);
    fill(this.#missing, el("p", { class: "missing" }, icon("error"), words));
  }

  /** Says above the window's lower end, for a while, what came of going where one goes. */
  tell(words) {
    announce(words);
    const note = el("p", { class: "missing passing" }, icon("right"), words);
    fill(this.#missing, note);
    setTimeout(() => note.remove(), PASSING);
  }

  /** Goes so many rounds on, or back. */
  step(by) {
    const number = this.#rounds.beside(this.#from, by);
    if (number !== null) this.goTo(number, { isStep: true });
  }

  /** Goes to the next one of these rounds, or to the one before; of a ring from the last to the first. Of none it says so. */
  stepAmong(numbers, by, noneInWords, { isRing = true } = {}) {
    // Who has gone nowhere yet may stand at one of them already.
    const isGoneTo = this.#target === this.#current || !isRing;
    const from = this.#wanted ?? (isGoneTo || by < 0 ? this.#from : this.#from - 1);
    const ahead = numbers.filter((number) => (number - from) * by > 0);
    const next = (ahead.length || !isRing ? ahead : numbers).at(by > 0 ? 0 : -1);
    if (next === undefined) announce(noneInWords);
    else this.goTo(next, { isStep: true });
  }

  /** Goes to the next round with a prompt of a person, loading more where there is none on the page. */
  async stepPrompt(by) {
    for (;;) {
      const round = this.#nextPrompt(by);
      if (round) {
        this.goTo(round.round, { isStep: true });
        return;
      }
      if (by > 0 ? this.#rounds.isAtEnd : this.#rounds.first <= 1) {
        announce(t("keys.noMorePrompts"));
        return;
      }
      const before = this.#edge(by);
      await (by > 0 ? this.#rounds.later() : this.#rounds.earlier());
      if (before === this.#edge(by)) return;
    }
  }

  /** Finds out which round is being read: the last one that begins above the line at which one reads. */
  look() {
    if (this.#wanted !== null || this.#holding.element) return;
    const articles = this.#box.children;
    let [low, high] = [0, articles.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (articles[middle].getBoundingClientRect().top < READING_LINE) low = middle;
      else high = middle - 1;
    }
    if (articles[low]?.id) this.read(numberOf(articles[low]));
  }

  /** This round is being read. */
  read(number) {
    this.#current = number;
    this.#onRead(number);
  }

  get #from() {
    return this.#wanted ?? this.#current ?? this.#rounds.first;
  }

  #nextPrompt(by) {
    const from = this.#from;
    const rounds = by > 0 ? this.#rounds.all : this.#rounds.all.reverse();
    return rounds.find((round) => (round.round - from) * by > 0 && promptOf(round));
  }

  #edge(by) {
    return by > 0 ? this.#rounds.last : this.#rounds.first;
  }
}

function numberOf(article) {
  return Number(article.id.slice(1));
}
