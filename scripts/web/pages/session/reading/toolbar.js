// What can be done with all rounds at once: search them, open them, follow them?

import { button, byId, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { t } from "../../shared/text/texts.js";
import { openRound } from "../rounds/round.js";

/** The bar above the rounds, in a box; `rounds` is the box that they are in. */
export class Toolbar {
  #box;
  #rounds;
  #search;
  #following;
  #onToggle;

  constructor(box, { rounds, search, following, onToggle }) {
    this.#box = box;
    this.#rounds = rounds;
    this.#search = search;
    this.#following = following;
    this.#onToggle = onToggle;
    // At once: who presses / and types must not press shortcuts.
    fill(box, this.#searchBox());
  }

  /** Shows all of it; a server that serves no texts finds none either. */
  show(isRedacted) {
    const place = (id, name, hint, go) => button({ id, "aria-pressed": "false", title: hint }, go, name);
    const places = el(
      "span",
      { class: "segments places", role: "group", "aria-label": t("place.label") },
      place("to-start", t("place.start"), t("place.startHint"), () => this.#following.toStart()),
      place("to-end", t("place.end"), t("place.endHint"), () => this.#following.toEnd()),
      place("to-follow", t("place.follow"), t("place.followHint"), () => this.#following.toggle()),
    );
    const open = button({ class: "quiet", id: "open-all", "aria-pressed": "false" }, () => this.toggleAll(), t("toolbar.open"));
    const isTyping = document.activeElement === this.#search.input;
    fill(this.#box, isRedacted ? el("p", { class: "redacted" }, icon("lock"), t("redacted.all")) : [this.#searchBox(), this.#search.steps], open, places);
    this.#following.show();
    if (isTyping) this.#search.input.focus();
  }

  /** Opens all that is folded in the rounds that are shown, or folds it again. */
  toggleAll() {
    const isOpen = !this.#isAllOpen;
    byId("open-all").setAttribute("aria-pressed", String(isOpen));
    for (const article of this.#rounds.querySelectorAll(".round")) openRound(article, isOpen);
    for (const details of this.#rounds.querySelectorAll("details")) details.open = isOpen;
    this.#onToggle();
  }

  /** Opens what is folded in rounds that came after all was opened. */
  openNew() {
    if (!this.#isAllOpen) return;
    for (const article of this.#rounds.querySelectorAll(".round:not(.is-open)")) openRound(article);
    for (const details of this.#rounds.querySelectorAll("details:not([open])")) details.open = true;
  }

  get #isAllOpen() {
    return byId("open-all")?.getAttribute("aria-pressed") === "true";
  }

  #searchBox() {
    return el("span", { class: "search" }, icon("search"), this.#search.input);
  }
}
