// Which rounds of a session are on the page? A window of them, or of some that were chosen, that grows at both ends.

import { button, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { ask } from "../../shared/net/api.js";
import { count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { threadOf } from "./remarks.js";
import { roundArticle, showMarks } from "./round.js";

const PAGE_SIZE = 50;
const MOST_SHOWN = 400;
/** Pixels below the window within which rounds are loaded before one has come to them. */
const NEAR = 500;

/** The last rounds of a session, where a number would stand. */
export const LAST = "last";

/** The server's answer with the first rounds of a session, the `LAST` ones, or those around a number. */
export function askRounds(id, where = null) {
  const span = where === null ? { after: 0, limit: PAGE_SIZE } : where === LAST ? { last: PAGE_SIZE } : { around: where, limit: PAGE_SIZE };
  return ask("session/rounds", { id, ...span });
}

/** The rounds of one session in a box; `onChange` hears when other rounds are shown. */
export class Rounds {
  #id;
  #boxes;
  #marksOf;
  #onCopy;
  #onChange;
  #onOpen;
  #shown = new Map();
  #busy = Promise.resolve();
  #isLoading = false;
  /** The numbers of the rounds that are wanted, in order; null for all. */
  #chosen = null;
  /** Whether the rounds that are shown are of a former choice. */
  #isStale = false;
  total = 0;

  constructor(id, boxes, { marksOf, onCopy, onChange, onOpen }) {
    this.#id = id;
    this.#boxes = boxes;
    this.#marksOf = marksOf;
    this.#onCopy = onCopy;
    this.#onChange = onChange;
    this.#onOpen = onOpen;
    // What is behind the last one comes before one has read to it.
    new IntersectionObserver(() => this.#loadBehind(), { rootMargin: `0px 0px ${NEAR}px` }).observe(boxes.later);
  }

  get first() {
    return this.#shown.size ? this.#shown.keys().next().value : 0;
  }

  get last() {
    return this.#shown.size ? [...this.#shown.keys()].pop() : 0;
  }

  /** The rounds that are shown, in order. */
  get all() {
    return [...this.#shown.values()];
  }

  /** Whether the first round of those that are wanted is among them. */
  get isAtStart() {
    return this.#ahead <= 0;
  }

  /** Whether the newest round of those that are wanted is among them. */
  get isAtEnd() {
    return this.#behind === 0;
  }

  /** How many of those that are wanted come before those that are shown. */
  get #ahead() {
    return this.#chosen ? this.#chosen.filter((number) => number < this.first).length : this.first - 1;
  }

  /** How many of them come behind. */
  get #behind() {
    return this.#chosen ? this.#chosen.filter((number) => number > this.last).length : Math.max(0, this.total - this.last);
  }

  /** Whether a round is not among those that were chosen. */
  hides(number) {
    return this.#chosen !== null && number <= this.total && !this.has(number) && !this.#chosen.includes(number);
  }

  /** The number so many rounds on from another, or back; null where there is none. */
  beside(number, by) {
    if (!this.#chosen) return number + by >= 1 && number + by <= this.total ? number + by : null;
    const ahead = this.#chosen.filter((each) => (each - number) * by > 0);
    return ahead.at(by > 0 ? by - 1 : by) ?? null;
  }

  /** Wants these rounds alone from now on, null for all; those that are shown go with the next round that is wanted. */
  choose(numbers) {
    this.#chosen = numbers;
    this.#isStale = true;
  }

  /** The same with more rounds of the same choice: those that are shown stay. */
  chooseMore(numbers) {
    this.#chosen = numbers;
    this.#showEdges();
  }

  has(number) {
    return this.#shown.has(number);
  }

  /** Shows the first rounds, the `LAST` ones, or those around a number; `asked` is what `askRounds` gave, if it was asked before. */
  open(where = null, asked = null) {
    return this.#inTurn(() => this.#open(where, asked));
  }

  /** Has this round on the page, and gives whether there is one; next to those that are shown it joins them. */
  reach(number) {
    return this.#inTurn(async () => {
      if (this.#isStale) await this.#open(number);
      if (this.has(number)) return true;
      if (number === this.beside(this.last, 1)) await this.#later();
      else if (number === this.beside(this.first, -1)) await this.#earlier();
      else await this.#open(number);
      return this.has(number);
    });
  }

  /** Shows the rounds before those that are shown. */
  earlier() {
    return this.#inTurn(() => this.#earlier());
  }

  /** Shows the rounds behind those that are shown; gives how many came. */
  later() {
    return this.#inTurn(() => this.#later());
  }

  /** Loads what is behind the last round, until that is not near any more; and before it, where nothing is behind. */
  async #loadBehind() {
    if (this.#isLoading || this.#isStale) return;
    this.#isLoading = true;
    try {
      for (let last = 0; this.last > last && !this.isAtEnd && this.#boxes.later.getBoundingClientRect().top < innerHeight + NEAR; ) {
        last = this.last;
        await this.later();
      }
      // The last ones alone may not fill the window.
      for (let first = 0; this.first !== first && this.#ahead > 0 && this.isAtEnd && this.#boxes.rounds.offsetHeight < innerHeight; ) {
        first = this.first;
        await this.earlier();
      }
    } catch {
      return; // the button is still there
    } finally {
      this.#isLoading = false;
    }
  }

  async #open(where, asked = null) {
    const { data } = await (asked ?? (this.#chosen ? this.#askThese(aroundOf(this.#chosen, where)) : askRounds(this.#id, where)));
    this.total = data.total;
    // A number that no round has leaves what is shown.
    if (!data.rounds.length && data.total) return;
    this.#isStale = false;
    this.#shown.clear();
    fill(this.#boxes.rounds);
    this.#take(data, "append");
  }

  /** The server's answer with these rounds, the first of them at least; without any nothing is asked. */
  async #askThese(numbers) {
    if (!numbers.length) return { data: { rounds: [], total: this.total } };
    return ask("session/rounds", { id: this.#id, numbers: numbers.slice(0, PAGE_SIZE).join(",") });
  }

  async #earlier() {
    if (!this.#ahead) return;
    const asked = this.#chosen ? this.#askThese(this.#chosen.filter((number) => number < this.first).reverse()) : ask("session/rounds", { id: this.#id, before: this.first, limit: PAGE_SIZE });
    const { data } = await asked;
    const anchor = this.#boxes.rounds.firstElementChild;
    const top = anchor?.getBoundingClientRect().top ?? 0;
    this.#take(data, "prepend");
    // What one reads stays where it was.
    if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  }

  async #later() {
    const asked = this.#chosen ? this.#askThese(this.#chosen.filter((number) => number > this.last)) : ask("session/rounds", { id: this.#id, after: this.last, limit: PAGE_SIZE });
    const { data } = await asked;
    const anchor = this.#boxes.rounds.lastElementChild;
    const top = anchor?.getBoundingClientRect().top ?? 0;
    this.#take(data, "append");
    // Where many are shown, the first ones went.
    if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
    return data.rounds.length;
  }

  /** Draws the buttons at both ends again, where the number of rounds has changed. */
  grown(total) {
    this.total = Math.max(this.total, total);
    this.#showEdges();
  }

  /** Says at rounds what happened to the context there, as far as that is known by now. */
  showMarks(rounds = this.all) {
    for (const round of rounds) {
      const article = document.getElementById(`r${round.round}`);
      if (article) showMarks(article, round, { ...this.#marksOf(round.round), isSame: this.has(round.round - 1) && threadOf(this.#shown.get(round.round - 1)) === threadOf(round) });
    }
  }

  #inTurn(work) {
    this.#busy = this.#busy.catch(() => undefined).then(work);
    return this.#busy;
  }

  #take({ rounds, total }, where) {
    this.total = total;
    const fresh = rounds.filter((round) => !this.#shown.has(round.round));
    const entries = fresh.map((round) => [round.round, round]);
    this.#shown = new Map(where === "append" ? [...this.#shown, ...entries] : [...entries, ...this.#shown]);
    const articles = fresh.map((round) => roundArticle(this.#id, round, this.#before(round), { onCopy: this.#onCopy, onOpen: () => this.#onOpen() }));
    this.#boxes.rounds[where](...articles);
    this.#trim(where);
    this.showMarks(fresh);
    this.#showEdges();
    this.#onChange(fresh);
    requestAnimationFrame(() => this.#loadBehind());
  }

  /** The round before this one in its conversation, where it is on the page. */
  #before(round) {
    for (let number = round.round - 1; this.#shown.has(number); number--) {
      if (threadOf(this.#shown.get(number)) === threadOf(round)) return this.#shown.get(number);
    }
    return undefined;
  }

  /** A page that is open for days stays small: what is farthest from where rounds came goes. */
  #trim(where) {
    const spare = [...this.#shown.keys()];
    const gone = where === "append" ? spare.slice(0, Math.max(0, spare.length - MOST_SHOWN)) : spare.slice(MOST_SHOWN);
    for (const number of gone) {
      this.#shown.delete(number);
      document.getElementById(`r${number}`)?.remove();
    }
  }

  #showEdges() {
    const [before, behind] = this.#shown.size ? [this.#ahead, this.#behind] : [0, 0];
    const edge = (box, number, text, drawing, load) => {
      const words = number > 0 ? t(text, { count: number, rounds: count(number) }) : "";
      if (box.dataset.words === words) return;
      box.dataset.words = words;
      const press = async (event) => {
        event.currentTarget.disabled = true;
        try {
          await load();
        } catch (error) {
          delete box.dataset.words;
          fill(box, el("p", { class: "failed" }, t("passage.failed", { why: error.message })), button({ class: "quiet all" }, press, t("failed.again")));
        }
      };
      fill(box, words ? button({ class: "quiet all" }, press, icon(drawing), words) : null);
    };
    edge(this.#boxes.earlier, before, "rounds.earlier", "up", () => this.earlier());
    edge(this.#boxes.later, behind, "rounds.later", "down", () => this.later());
  }
}

/** Numbers of a choice by how near they are to where one wants to be: the first ones, the `LAST` ones, or those around a number. */
function aroundOf(chosen, where) {
  if (where === null) return chosen;
  if (where === LAST) return [...chosen].reverse();
  return [...chosen].sort((one, other) => Math.abs(one - where) - Math.abs(other - where));
}
