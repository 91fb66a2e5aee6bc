// Which round is being read, and how does one get to another?

import { byId } from "../shared/dom.js";
import { announce } from "../shared/notices.js";
import { t } from "../shared/texts.js";
import { promptOf } from "./round.js";

const READING_LINE = 160;

/** The number of the round that the address asks for, or null. */
export function roundInAddress() {
  const match = /^#r(\d{1,9})$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

/** The reader's place among the rounds; `onRead` hears which one is read, `onJump` that they go to one. */
export class Navigation {
  #rounds;
  #box;
  #onRead;
  #onJump;
  #current = null;

  constructor(rounds, { box, onRead, onJump }) {
    this.#rounds = rounds;
    this.#box = box;
    this.#onRead = onRead;
    this.#onJump = onJump;
  }

  /** The number of the round that is being read, or null. */
  get current() {
    return this.#current;
  }

  /** Goes to a round; the address says so, and the browser's way back leads here. */
  goTo(number) {
    if (roundInAddress() === number) this.followAddress();
    else location.hash = `#r${number}`;
  }

  /** Shows the round that the address asks for. */
  async followAddress() {
    const number = roundInAddress();
    if (number === null) return;
    this.#onJump();
    if (!this.#rounds.has(number)) {
      try {
        await this.#rounds.open(Math.max(1, Math.min(number, this.#rounds.total)));
      } catch (error) {
        announce(error.message);
        return;
      }
    }
    const article = byId(`r${number}`) ?? this.#box.lastElementChild;
    if (!article) return;
    article.scrollIntoView({ block: "start" });
    article.focus({ preventScroll: true });
    for (const target of document.querySelectorAll(".round.is-target")) target.classList.remove("is-target");
    article.classList.add("is-target");
    this.read(numberOf(article));
  }

  /** Goes so many rounds on, or back. */
  step(by) {
    const number = this.#from + by;
    if (number >= 1 && number <= this.#rounds.total) this.goTo(number);
  }

  /** Goes to the next round with a prompt of a person, loading more where there is none on the page. */
  async stepPrompt(by) {
    for (;;) {
      const round = this.#nextPrompt(by);
      if (round) {
        this.goTo(round.round);
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
    return this.#current ?? this.#rounds.first;
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
