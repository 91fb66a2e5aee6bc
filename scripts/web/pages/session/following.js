// Does the page stay at the end of a session that goes on, or say what came there?

import { button, byId, fill } from "../shared/dom.js";
import { count } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { announce } from "../shared/notices.js";
import { t } from "../shared/texts.js";

const NEAR_END = 120;
const BELOW_END = 40;

/** Whether the reader follows the newest round, and how many they have not seen. */
export class Following {
  #rounds;
  #isOn = false;
  #unread = 0;
  #scrolledTo = 0;

  constructor(rounds) {
    this.#rounds = rounds;
  }

  /** Follows, or stops. */
  toggle() {
    if (this.#isOn) this.stop();
    else this.toEnd();
  }

  stop() {
    this.#set(false);
  }

  /** Goes to the newest round, and follows from there. */
  async toEnd() {
    if (!this.#rounds.isAtEnd) {
      try {
        await this.#rounds.open();
      } catch (error) {
        announce(error.message);
        return;
      }
    }
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    this.#set(true);
    this.#scrollToEnd();
  }

  /** So many rounds came: who follows sees them, others are told. */
  came(number) {
    announce(newRounds(number));
    if (this.#isOn) this.#scrollToEnd();
    else this.#showUnread(this.#unread + number);
  }

  /** The page was scrolled. Only who scrolls away by himself stops following: what grows moves the end as well. */
  scrolled() {
    const root = document.documentElement;
    const isNearEnd = root.scrollHeight - root.clientHeight - scrollY < NEAR_END;
    if (this.#isOn && !isNearEnd && scrollY < this.#scrolledTo - 4) this.stop();
    this.#scrolledTo = scrollY;
  }

  #set(isOn) {
    this.#isOn = isOn;
    byId("follow")?.setAttribute("aria-pressed", String(isOn));
    if (isOn) this.#showUnread(0);
  }

  #showUnread(number) {
    this.#unread = number;
    fill(byId("floating"), number ? button({ class: "primary", id: "new-rounds" }, () => this.toEnd(), icon("down"), newRounds(number)) : null);
  }

  #scrollToEnd() {
    const later = byId("later");
    later.scrollIntoView({ block: "end", behavior: "instant" });
    const end = later.getBoundingClientRect().bottom + scrollY;
    scrollTo({ top: end - innerHeight + BELOW_END, behavior: "instant" });
    this.#scrolledTo = scrollY;
  }
}

function newRounds(number) {
  return t("follow.new", { count: number, rounds: count(number) });
}
