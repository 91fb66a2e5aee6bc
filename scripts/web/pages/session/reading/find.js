// Where in the session does a text stand? Also in rounds that are not on the page.

import { button, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { addressWith } from "../../shared/net/address.js";
import { ask } from "../../shared/net/api.js";
import { whenQuiet } from "../../shared/net/updates.js";
import { excerptOf } from "../../shared/text/excerpt.js";
import { count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { announce } from "../../shared/ui/notices.js";
import { roundInAddress } from "./navigation.js";

const PATIENCE = 300;
/** Where these are folded in a round. */
const FOLDED = { reasoning: "reasoning", tools: "call" };
const WHERE_TEXTS = { question: "role.question", answer: "role.answer", reasoning: "role.reasoning", tools: "groups.tools" };

/** A search field and what it found; `onChoose` is given the number of a round. */
export class TextSearch {
  #id;
  #box;
  #onChoose;
  #rounds = [];
  #at = -1;
  #asked = null;
  #conversation;
  #where = el("span", { class: "at" });

  constructor(id, { box, conversation, onChoose }) {
    this.#id = id;
    this.#box = box;
    this.#onChoose = onChoose;
    this.#conversation = conversation;
    this.input = el("input", {
      type: "search",
      id: "find",
      "aria-label": t("find.label"),
      placeholder: t("find.hint"),
      on: {
        input: whenQuiet(PATIENCE, () => this.#find()),
        keydown: (event) => this.#key(event),
      },
    });
    const way = (name, words, by) => button({ class: "quiet square", "aria-label": words, title: words }, () => this.#step(by), icon(name));
    /** How many places there are, and the ways to the next and the former; hidden while there are none. */
    this.steps = el("span", { class: "steps", hidden: true }, this.#where, way("up", t("find.former"), -1), way("down", t("find.next"), 1));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** Looks for words that came with the address, for who has not begun to type others. */
  find(words) {
    if (this.input.value) return;
    this.input.value = words;
    this.#find();
  }

  /** Marks what was looked for in the rounds that are shown. */
  mark() {
    const words = this.input.value.trim().toLowerCase();
    if (!CSS.highlights) return;
    CSS.highlights.delete("found");
    if (words.length < 2) return;
    const ranges = [];
    const texts = document.createTreeWalker(this.#conversation, NodeFilter.SHOW_TEXT);
    while (texts.nextNode() && ranges.length < 2000) {
      const node = texts.currentNode;
      if (!node.parentElement.closest(".text, .telling")) continue;
      const lower = node.data.toLowerCase();
      // Lower case may be longer than what was written, and places would be wrong.
      if (lower.length !== node.data.length) continue;
      for (let at = lower.indexOf(words); at >= 0 && ranges.length < 2000; at = lower.indexOf(words, at + words.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + words.length);
        ranges.push(range);
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  #key(event) {
    if (event.key === "Escape") {
      this.input.value = "";
      this.#find();
      this.input.blur();
    } else if (event.key === "Enter" && this.#rounds.length) {
      event.preventDefault();
      this.#step(event.shiftKey ? -1 : 1);
    }
  }

  /** To the next place or the former one; behind the last comes the first. */
  #step(by) {
    const { length } = this.#rounds;
    this.#choose(this.#at < 0 && by < 0 ? length - 1 : (this.#at + by + length) % length);
  }

  async #choose(at) {
    this.#at = at;
    this.#show(null);
    await this.#onChoose(this.#rounds[at].round);
    this.reveal(this.#rounds[at]?.round);
  }

  /** Opens what is folded around the words in a round that was gone to. */
  reveal(number) {
    const hit = this.#rounds.find((each) => each.round === number);
    const folded = FOLDED[hit?.where];
    if (!folded) return;
    for (const details of this.#conversation.querySelectorAll(`#r${number} details.${folded}:not([open])`)) {
      // What is inside is made when it is opened, and can be marked then.
      details.addEventListener("toggle", () => this.mark(), { once: true });
      details.open = true;
    }
  }

  async #find() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    const words = this.input.value.trim();
    history.replaceState(history.state, "", addressWith({ find: words }) + location.hash);
    this.#rounds = [];
    this.#at = -1;
    this.steps.hidden = true;
    if (!words) {
      fill(this.#box);
      this.mark();
      return;
    }
    fill(this.#box, el("p", { class: "found-none" }, t("loading")));
    try {
      const { data } = await ask("session/find", { id: this.#id, q: words }, this.#asked.signal);
      this.#rounds = data.rounds;
      // Who comes from a hit of all sessions stands at one of them.
      const here = roundInAddress();
      this.#at = data.rounds.findIndex((hit) => hit.round === here);
      this.#show(data.more);
      this.mark();
      this.reveal(here);
      announce(t("find.found", { count: data.rounds.length, places: count(data.rounds.length) }));
    } catch (error) {
      if (error.name !== "AbortError") fill(this.#box, el("p", { class: "found-none failed" }, error.message));
    }
  }

  #more = false;

  #show(more) {
    if (more !== null) this.#more = more;
    if (!this.#rounds.length) {
      fill(this.#box, el("p", { class: "found-none" }, t("find.none")));
      return;
    }
    this.steps.hidden = false;
    fill(this.#where, t("find.at", { at: this.#at < 0 ? "–" : count(this.#at + 1), places: count(this.#rounds.length) }));
    const scrolled = this.#box.querySelector("ol")?.scrollTop ?? 0;
    fill(
      this.#box,
      el(
        "div",
        { class: "found" },
        el("p", {}, t("find.found", { count: this.#rounds.length, places: count(this.#rounds.length) }) + (this.#more ? ` ${t("find.more")}` : "")),
        el("ol", { tabindex: "0", "aria-label": t("find.label") }, this.#rounds.map((hit, at) => el("li", {}, this.#hit(hit, at)))),
      ),
    );
    this.#box.querySelector("ol").scrollTop = scrolled;
  }

  #hit({ round, where, excerpt, matches }, at) {
    return button(
      { class: "hit", "aria-current": at === this.#at ? "true" : null },
      () => this.#choose(at),
      el("span", { class: "number" }, icon(where === "tools" ? "tool" : where === "question" ? "person" : "model"), count(round)),
      el("small", {}, t(WHERE_TEXTS[where])),
      excerptOf(excerpt, matches),
    );
  }
}
