// How does one get anywhere by its name? Ctrl+K opens a field with a list below it; arrows and Enter choose.

import { button, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { whenQuiet } from "../net/updates.js";
import { t } from "../text/texts.js";
import { askNames, noteOn, offersFor } from "./offers.js";

const PATIENCE = 120;
const PAGE = 8;
const IS_APPLE = /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** The keys that open it, as a keyboard has them. */
export const PALETTE_KEYS = IS_APPLE ? "⌘K" : "Ctrl+K";

/** The button that opens it; the keys do from then on, too, also while one types. */
export function paletteButton() {
  const palette = new Palette();
  addEventListener("keydown", (event) => {
    const isAsked = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k";
    if (!isAsked || event.isComposing) return;
    event.preventDefault();
    palette.toggle();
  });
  const words = `${t("palette.title")} (${PALETTE_KEYS})`;
  return button({ class: "quiet square", id: "palette", "aria-label": words, title: words, "aria-haspopup": "dialog" }, () => palette.toggle(), icon("search"));
}

class Palette {
  #dialog;
  #field;
  #list = el("div", { role: "listbox", id: "palette-list", "aria-label": t("palette.list") });
  #told = el("p", { class: "palette-told", role: "status" });
  #known = undefined;
  #asking = new AbortController();
  #options = [];
  #active = -1;
  /** Whether the reader has moved along the list: then what is chosen stays while others come in. */
  #hasMoved = false;

  constructor() {
    const askSoon = whenQuiet(PATIENCE, () => this.#ask());
    const typed = () => {
      this.#hasMoved = false;
      this.#show({ isAsking: true });
      askSoon();
    };
    this.#field = el("input", {
      role: "combobox",
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
      "aria-label": t("palette.title"),
      "aria-autocomplete": "list",
      "aria-expanded": "true",
      "aria-controls": "palette-list",
      placeholder: t("palette.hint"),
      on: { input: typed },
    });
    const close = button({ class: "quiet square", "aria-label": t("keys.close"), tabindex: "-1" }, () => this.#dialog.close(), icon("close"));
    this.#dialog = el(
      "dialog",
      { class: "palette", "aria-label": t("palette.title"), on: { keydown: (event) => this.#pressed(event), click: (event) => event.target === this.#dialog && this.#dialog.close(), close: () => this.#asking.abort() } },
      el("div", { class: "palette-field" }, icon("search"), this.#field, close),
      this.#list,
      this.#told,
    );
    document.body.append(this.#dialog);
  }

  /** Opens it, or closes it; the browser leads back to where the reader was. */
  toggle() {
    if (this.#dialog.open) {
      this.#dialog.close();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    this.#field.value = "";
    this.#hasMoved = false;
    this.#dialog.showModal();
    this.#field.focus();
    this.#show({ isAsking: true });
    this.#ask();
  }

  async #ask() {
    if (!this.#dialog.open) return;
    this.#asking.abort();
    this.#asking = new AbortController();
    const words = this.#field.value;
    try {
      this.#known = await askNames(words, this.#asking.signal);
      this.#show();
    } catch (error) {
      // What is here without the server can be chosen still.
      if (error.name !== "AbortError") this.#show({ problem: t("palette.unreachable") });
    }
  }

  /** Shows what fits; what was said to former words is there as far as it fits until there is an answer to these. */
  #show({ isAsking = false, problem = "" } = {}) {
    const words = this.#field.value;
    const before = this.#options[this.#active]?.dataset.name;
    this.#options = [];
    fill(this.#list, offersFor(words, this.#known).map(([kind, offers]) => this.#group(kind, offers)));
    this.#list.hidden = !this.#options.length;
    const kept = this.#hasMoved ? this.#options.findIndex((option) => option.dataset.name === before) : 0;
    this.#choose(Math.max(0, kept));
    const none = this.#options.length || isAsking ? "" : t("palette.none");
    const note = problem || none || (this.#known && !isAsking ? noteOn(this.#known, words) : "");
    if (this.#told.textContent !== note) this.#told.textContent = note;
  }

  #group(kind, offers) {
    const heading = el("div", { class: "palette-kind", id: kind, role: "presentation" }, t(kind));
    return el("div", { role: "group", "aria-labelledby": kind }, heading, offers.map((offer) => this.#option(kind, offer)));
  }

  #option(kind, { name, href, press, shown }) {
    const at = this.#options.length;
    const click = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      if (press) event.preventDefault();
      this.#dialog.close();
      press?.();
    };
    const option = el(
      href ? "a" : "div",
      { role: "option", id: `palette-${at}`, tabindex: href ? "-1" : null, href, "aria-selected": "false", class: "palette-option", on: { click, pointermove: (event) => (event.movementX || event.movementY) && this.#moveTo(at) } },
      shown,
    );
    option.dataset.name = `${kind} ${name}`;
    this.#options.push(option);
    return option;
  }

  #moveTo(at) {
    this.#hasMoved = true;
    if (at !== this.#active) this.#choose(at);
  }

  #choose(at) {
    this.#active = Math.min(this.#options.length - 1, at);
    this.#options.forEach((option, number) => option.setAttribute("aria-selected", String(number === this.#active)));
    const active = this.#options[this.#active];
    if (active) this.#field.setAttribute("aria-activedescendant", active.id);
    else this.#field.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  #pressed(event) {
    if (event.isComposing) return;
    const last = this.#options.length - 1;
    const to = {
      ArrowDown: this.#active === last ? 0 : this.#active + 1,
      ArrowUp: this.#active <= 0 ? last : this.#active - 1,
      PageDown: Math.min(last, this.#active + PAGE),
      PageUp: Math.max(0, this.#active - PAGE),
    }[event.key];
    if (to !== undefined) this.#moveTo(to);
    else if (event.key === "Enter" && event.target === this.#field) this.#options[this.#active]?.click();
    else return;
    event.preventDefault();
  }
}
