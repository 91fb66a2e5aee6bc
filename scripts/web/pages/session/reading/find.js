// Where in the session does a text stand? Also in rounds that are not on the page.

import { button, byId, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { addressWith } from "../../shared/net/address.js";
import { ask } from "../../shared/net/api.js";
import { whenQuiet } from "../../shared/net/updates.js";
import { excerptOf } from "../../shared/text/excerpt.js";
import { count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { announce } from "../../shared/ui/notices.js";
import { showAllAround } from "../rounds/passage.js";
import { roundInAddress } from "./navigation.js";

const PATIENCE = 300;
const FRAMES = 12;
/** Where these are folded in a round. */
const FOLDED = { reasoning: "reasoning", tools: "call" };
const WHERE_TEXTS = { question: "role.question", answer: "role.answer", reasoning: "role.reasoning", tools: "groups.tools" };

/** A search field and what it found; `onChoose` is given the number of a round, `readAt` gives that of the one that
 * is read, `onSeen` hears that the page is scrolled to what was found. */
export class TextSearch {
  #id;
  #box;
  #onChoose;
  #onSeen;
  #readAt;
  #rounds = [];
  #at = -1;
  /** The round that is being gone to: a press meanwhile leads on from there, and who goes elsewhere ends it. */
  #way = null;
  #asked = null;
  #conversation;
  #where = el("span", { class: "at" });

  constructor(id, { box, conversation, onChoose, onSeen, readAt }) {
    this.#id = id;
    this.#box = box;
    this.#onChoose = onChoose;
    this.#onSeen = onSeen;
    this.#readAt = readAt;
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
    const words = this.#words;
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

  /** To the next place or the former one, from the one that was gone to or from where the reader is by now; behind the last comes the first. */
  #step(by) {
    const { length } = this.#rounds;
    const isHere = this.#at >= 0 && (this.#way !== null || isInSight(byId(`r${this.#rounds[this.#at].round}`)));
    this.#choose(isHere ? (this.#at + by + length) % length : this.#nextTo(this.#readAt() ?? 0, by));
  }

  /** The first place at or behind a round, or the last one at or before it. */
  #nextTo(here, by) {
    const { length } = this.#rounds;
    const at = by > 0 ? this.#rounds.findIndex(({ round }) => round >= here) : this.#rounds.findLastIndex(({ round }) => round <= here);
    return at >= 0 ? at : by > 0 ? 0 : length - 1;
  }

  async #choose(at) {
    const { round } = this.#rounds[at];
    this.#at = at;
    this.#show(null);
    await this.#go(round, () => this.#onChoose(round));
  }

  /** Opens what is folded or cut around the words in a round that was gone to, and has them in sight. */
  reveal(round) {
    return this.#go(round);
  }

  /** The reader goes to a round: a way to another one is not followed further. */
  wentTo(round) {
    if (this.#way?.round !== round) this.#way = null;
  }

  async #go(round, reach) {
    const way = (this.#way = { round });
    const isOn = () => way === this.#way;
    try {
      await reach?.();
      if (isOn()) await this.#bringWordsToSight(round, isOn);
    } finally {
      if (isOn()) this.#way = null;
    }
  }

  async #bringWordsToSight(number, isOn) {
    const hit = this.#rounds.find((each) => each.round === number);
    const article = hit && byId(`r${number}`);
    if (!article) return;
    if (FOLDED[hit.where]) {
      for (const details of article.querySelectorAll(`details.${FOLDED[hit.where]}:not([open])`)) {
        details.open = true;
        // What is inside is made when the browser says that it was opened.
        await new Promise((done) => details.addEventListener("toggle", done, { once: true }));
      }
    }
    const words = this.#words;
    this.mark();
    const isIn = (range) => article.contains(range.startContainer) && range.startContainer.parentElement.closest(".text");
    if (![...(CSS.highlights?.get("found") ?? [])].some((range) => isIn(range) && isSeen(range))) {
      await showAllAround(article, words);
      if (words !== this.#words || !isOn()) return;
      this.mark();
    }
    const first = [...(CSS.highlights?.get("found") ?? [])].find(isIn);
    if (first && !(isInWindow(first) && isSeen(first))) {
      this.#onSeen();
      await bringToSight(first, isOn);
    }
  }

  get #words() {
    return this.input.value.trim().toLowerCase();
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
      if (this.#readAt() === here) this.reveal(here);
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

/** Whether a range is in what is shown of a long text, wherever the window stands. */
function isSeen(range) {
  const box = range.startContainer.parentElement.closest(".clamped, .huge");
  if (!box) return true;
  const [{ top, bottom, height }, shown] = [range.getBoundingClientRect(), box.getBoundingClientRect()];
  return height > 0 && top >= shown.top && bottom <= shown.bottom && overlaps(box, { top: 0, bottom: innerHeight });
}

/** Whether some of an element stands in the window. */
function isInSight(element) {
  return element !== null && overlaps(element, { top: 0, bottom: innerHeight });
}

/** Scrolls to a range, in its text where that scrolls by itself, until what comes into sight moves it no more or the reader goes elsewhere. */
async function bringToSight(range, isOn) {
  const within = range.startContainer.parentElement;
  const box = within.closest(".huge");
  // What is out of sight is not laid out, and where it would stand not known: first comes the piece that it is in.
  const piece = box && within.closest(".piece");
  for (let frame = 0; frame < FRAMES && isOn(); frame++) {
    if (box && !isSeen(range)) {
      if (!overlaps(box, { top: 0, bottom: innerHeight })) box.scrollIntoView({ block: "center", behavior: "instant" });
      const { top } = (overlaps(piece ?? box, box.getBoundingClientRect()) ? range : piece).getBoundingClientRect();
      box.scrollTop += top - box.getBoundingClientRect().top - box.clientHeight / 3;
    } else if (!isInWindow(range)) {
      scrollBy({ top: range.getBoundingClientRect().top - innerHeight / 3, behavior: "instant" });
    }
    await new Promise(requestAnimationFrame);
  }
}

function overlaps(element, { top, bottom }) {
  const own = element.getBoundingClientRect();
  return own.bottom > top && own.top < bottom;
}

function isInWindow(range) {
  const { top, bottom } = range.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}
