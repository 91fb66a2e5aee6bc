// Does the page stay at the end of a session that goes on, or say what came there?

import { button, byId, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { announce } from "../../shared/ui/notices.js";
import { LAST } from "../rounds/rounds.js";

const NEAR_END = 120;
const NEAR_START = 8;

/** Where the reader is: at the start, at the end, or following it; and how many rounds they have not seen. */
export class Following {
  #rounds;
  #holding;
  #isOn = false;
  #unread = 0;
  #scrolledTo = 0;

  constructor(rounds, holding) {
    this.#rounds = rounds;
    this.#holding = holding;
  }

  /** Follows, or stops. */
  toggle() {
    if (this.#isOn) this.stop();
    else this.follow();
  }

  stop() {
    this.#set(false);
  }

  /** Goes to the newest round, and follows from there. */
  async follow() {
    if (await this.toEnd()) this.#set(true);
  }

  /** Goes to the first round. */
  async toStart() {
    this.stop();
    if (!this.#rounds.isAtStart && !(await this.#open(null))) return;
    this.#leaveRound();
    scrollTo({ top: 0, behavior: "instant" });
    this.show();
  }

  /** Goes to the end of the newest round; gives whether that was possible. */
  async toEnd() {
    this.stop();
    if (!this.#rounds.isAtEnd && !(await this.#open(LAST))) return false;
    this.#leaveRound();
    this.#showUnread(0);
    this.#holding.end(byId("later"));
    this.#scrolledTo = scrollY;
    this.show();
    return true;
  }

  /** So many rounds came: who follows sees them, others are told. */
  came(number) {
    announce(newRounds(number));
    if (this.#isOn) this.#holding.end(byId("later"));
    else this.#showUnread(this.#unread + number);
    this.show();
  }

  /** The page was scrolled. Only who scrolls away by himself stops following: what grows moves the end as well. */
  scrolled() {
    if (this.#isOn && !this.#holding.isHolding && this.#beforeEnd() > NEAR_END && scrollY < this.#scrolledTo - 4) this.stop();
    this.#scrolledTo = scrollY;
    this.show();
  }

  /** Says which of the three it is. */
  show() {
    const isAtStart = this.#rounds.isAtStart && scrollY < NEAR_START;
    const isAtEnd = this.#rounds.isAtEnd && this.#beforeEnd() < NEAR_END;
    const place = this.#isOn ? "follow" : isAtStart ? "start" : isAtEnd ? "end" : null;
    for (const id of ["start", "end", "follow"]) byId(`to-${id}`)?.setAttribute("aria-pressed", String(id === place));
  }

  /** How many pixels of the rounds are below the window. */
  #beforeEnd() {
    return byId("later").getBoundingClientRect().bottom - innerHeight;
  }

  async #open(where) {
    try {
      await this.#rounds.open(where);
      return true;
    } catch (error) {
      announce(error.message);
      return false;
    }
  }

  #leaveRound() {
    this.#holding.release();
    for (const target of document.querySelectorAll(".round.is-target")) target.classList.remove("is-target");
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  }

  #set(isOn) {
    this.#isOn = isOn;
    if (isOn) this.#showUnread(0);
    this.show();
  }

  #showUnread(number) {
    this.#unread = number;
    fill(byId("floating"), number ? button({ class: "primary", id: "new-rounds" }, () => this.follow(), icon("down"), newRounds(number)) : null);
  }
}

function newRounds(number) {
  return t("follow.new", { count: number, rounds: count(number) });
}
