// What can be done with all rounds at once: search them, open them, follow them?

import { button, byId, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { t } from "../shared/texts.js";

/** The bar above the rounds, in a box; `rounds` is the box that they are in. */
export class Toolbar {
  #box;
  #rounds;
  #search;
  #following;

  constructor(box, { rounds, search, following }) {
    this.#box = box;
    this.#rounds = rounds;
    this.#search = search;
    this.#following = following;
    // At once: who presses / and types must not press shortcuts.
    fill(box, this.#searchBox());
  }

  /** Shows all of it; a server that serves no texts finds none either. */
  show(isRedacted) {
    const follow = button({ class: "quiet follow", id: "follow", "aria-pressed": "false", title: t("follow.hint") }, () => this.#following.toggle(), icon("down"), t("follow.label"));
    const open = button({ class: "quiet", id: "open-all", "aria-pressed": "false" }, () => this.toggleAll(), t("toolbar.open"));
    const isTyping = document.activeElement === this.#search.input;
    fill(this.#box, isRedacted ? el("p", { class: "redacted" }, icon("lock"), t("redacted.all")) : this.#searchBox(), open, follow);
    if (isTyping) this.#search.input.focus();
  }

  /** Opens all that is folded in the rounds that are shown, or folds it again. */
  toggleAll() {
    const isOpen = !this.#isAllOpen;
    byId("open-all").setAttribute("aria-pressed", String(isOpen));
    for (const details of this.#rounds.querySelectorAll("details")) details.open = isOpen;
  }

  /** Opens what is folded in rounds that came after all was opened. */
  openNew() {
    if (!this.#isAllOpen) return;
    for (const details of this.#rounds.querySelectorAll("details:not([open])")) details.open = true;
  }

  get #isAllOpen() {
    return byId("open-all")?.getAttribute("aria-pressed") === "true";
  }

  #searchBox() {
    return el("span", { class: "search" }, icon("search"), this.#search.input);
  }
}
