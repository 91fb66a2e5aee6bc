// Which rounds of a session are shown: all, those in which one asks and is answered, those that failed, or the dearest?

import { button, el, fill } from "../../shared/dom.js";
import { addressParameters, addressWith } from "../../shared/net/address.js";
import { approximateDollars, count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";

export const ALL = "all";
const PARAMETER = "show";
const MOST_DEAREST = 20;
const NAMES = { all: "choice.all", talk: "choice.talk", failed: "choice.failed", dearest: "choice.dearest" };
const HINTS = { all: "choice.allHint", talk: "choice.talkHint", failed: "choice.failedHint", dearest: "choice.dearestHint" };

/** The name of the choice that the address asks for. */
export function choiceInAddress() {
  const name = addressParameters().get(PARAMETER);
  return Object.hasOwn(NAMES, name) ? name : ALL;
}

/** The choice in a box; `onChange` is given its name and the numbers of its rounds, null for all. */
export class Choice {
  #box;
  #onChange;
  #name = ALL;
  #numbers = {};

  constructor(box, onChange) {
    this.#box = box;
    this.#onChange = onChange;
  }

  get name() {
    return this.#name;
  }

  /** The numbers of the rounds that are chosen; null for all. */
  get numbers() {
    return this.#numbers[this.#name] ?? null;
  }

  /** What the choice is called, for sentences. */
  get words() {
    return t(NAMES[this.#name]);
  }

  /** Shows how many rounds there are of each kind, by the server's outline. */
  show(outline) {
    this.#numbers = { talk: talkOf(outline), failed: outline.failed, dearest: dearestOf(outline) };
    this.#draw(outline.rounds);
  }

  /** What the address asks for is chosen; where there are no rounds of it all are, and the address says so. */
  async followAddress() {
    await this.#set(choiceInAddress());
    if (choiceInAddress() !== this.#name) history.replaceState(history.state, "", addressWith({ [PARAMETER]: null }) + location.hash);
  }

  /** Chooses; the address says so, and the browser's way back leads to what was chosen before. */
  choose(name) {
    const to = addressWith({ [PARAMETER]: name === ALL ? null : name });
    if (to !== location.pathname + location.search) history.pushState(null, "", to);
    this.#set(name);
  }

  /** All are shown, in the place of what was chosen: the address keeps its round, and no way back leads to what hides that. */
  showAll() {
    history.replaceState(null, "", addressWith({ [PARAMETER]: null }) + location.hash);
    this.#set(ALL);
  }

  async #set(wanted) {
    const name = this.#numbers[wanted]?.length ? wanted : ALL;
    if (name === this.#name) return;
    this.#name = name;
    for (const pressed of this.#box.querySelectorAll("button")) pressed.setAttribute("aria-pressed", String(pressed.dataset.name === name));
    await this.#onChange(name, this.numbers);
  }

  #draw(total) {
    const focused = this.#box.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const one = (name) => {
      const number = name === ALL ? total : this.#numbers[name].length;
      const attributes = { "data-name": name, "aria-pressed": String(name === this.#name), title: t(HINTS[name], { rounds: count(number) }), disabled: !number };
      return button(attributes, () => this.choose(name), t(NAMES[name]), " ", el("small", {}, count(number)));
    };
    fill(this.#box, Object.keys(NAMES).map(one));
    if (focused) this.#box.querySelector(`[data-name="${focused}"]`)?.focus();
  }
}

/** The rounds in which one asks, and those that answer without a call. */
function talkOf({ questions, answers }) {
  return [...new Set([...questions.map(({ round }) => round), ...answers])].sort((one, other) => one - other);
}

/** The dearest rounds, in the order of the session. */
function dearestOf({ costs_usd: costs }) {
  return costs
    .map((usd, at) => ({ round: at + 1, dollars: usd === null ? 0 : approximateDollars(usd) }))
    .filter(({ dollars }) => dollars > 0)
    .sort((one, other) => other.dollars - one.dollars)
    .slice(0, MOST_DEAREST)
    .map(({ round }) => round)
    .sort((one, other) => one - other);
}
