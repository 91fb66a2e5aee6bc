// How does one text of a conversation stand on the page? Clamped where it is long, fetched where it was clipped.

import { button, el, fill } from "../../shared/dom.js";
import { ask } from "../../shared/net/api.js";
import { count } from "../../shared/text/format.js";
import { logText, pieces } from "../../shared/text/log_text.js";
import { marked } from "../../shared/text/marked.js";
import { t } from "../../shared/text/texts.js";
import { markdown } from "../../shared/ui/markdown.js";

const LONG = 1500;
const LINES = 16;
const HUGE = 20_000;

/** Where a text of a session can be had in full. */
export class TextSource {
  constructor(id, round, clipped) {
    this.id = id;
    this.round = round;
    this.clipped = new Map((clipped ?? []).map(({ path, characters }) => [path, characters]));
  }

  /** How long the whole text at a place is, where the server clipped it. */
  lengthOf(path) {
    return this.clipped.get(pathOf(path));
  }

  /** The whole text. */
  async whole(path) {
    const { data } = await ask("session/text", { id: this.id, round: this.round, path: pathOf(path) });
    return data.text;
  }
}

/** Keys and places in lists, as the server writes them. */
function pathOf(keys) {
  return keys.map((key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
}

const searched = new WeakMap();

/** Shows all of the texts in a round that are cut or clamped and hold these words; gives whether there was one.
 *
 * Texts of which only a part came are fetched, one after the other, until one holds them.
 */
export async function showAllAround(article, words) {
  const found = [...article.querySelectorAll(".passage")].map((frame) => searched.get(frame)).filter(Boolean);
  let isFound = false;
  for (const { holds, open } of found.filter(({ isWhole }) => isWhole())) {
    if (holds(words)) isFound = (await open()) || isFound;
  }
  for (const { holds, load, open } of found.filter(({ isWhole }) => !isWhole())) {
    if (isFound) break;
    if (holds(words) || ((await load()) && holds(words))) isFound = await open();
  }
  return isFound;
}

/** A text of the log, with a button for the rest of it.
 *
 * `format` is what is done to all of it first; one that is marked shows code and bold words as such, one in Markdown all that
 * this can say, or at a press what was written.
 */
export function passage(text, { source, path, isCode = false, isMarked = false, isMarkdown = false, format = (all) => all }) {
  const whole = source && path ? source.lengthOf(path) : undefined;
  const box = el("div", { class: `text${isCode ? " code" : ""}`, dir: "auto" });
  let style = isMarkdown ? markdown : isMarked ? marked : logText;
  let shown = whole === undefined ? format(text) : text;
  const draw = () => show(box, shown, style);
  draw();
  const raw = isMarkdown && isFormatted(text) ? rawButton((isRaw) => {
    style = isRaw ? logText : markdown;
    draw();
  }) : null;
  const isLong = text.length > LONG || (text.match(/\n/g)?.length ?? 0) > LINES;
  if (!isLong && whole === undefined) return raw ? el("div", { class: "passage" }, box, el("div", { class: "of-passage" }, raw)) : box;
  box.classList.add("clamped");
  const more = button({ class: "more" }, press, t("passage.more", { characters: count(whole ?? text.length) }));
  const status = el("span", { class: "clip" }, whole === undefined ? null : t("passage.clipped", { shown: count(text.length) }));
  const frame = el("div", { class: "passage" }, box, el("div", { class: "of-passage" }, more, raw, status));
  let all = whole === undefined ? text : null;
  let isDrawn = false;
  async function press() {
    if (!box.classList.contains("clamped")) {
      box.classList.add("clamped");
      fill(more, t("passage.more", { characters: count(whole ?? text.length) }));
      frame.scrollIntoView({ block: "nearest" });
      return;
    }
    await open();
  }
  /** Fetches what lacks; gives whether all is there. */
  async function load() {
    if (all !== null) return true;
    more.disabled = true;
    try {
      all = String(await source.whole(path));
      return true;
    } catch (error) {
      fill(status, t("passage.failed", { why: error.message }));
      return false;
    } finally {
      more.disabled = false;
    }
  }
  /** Shows all; gives whether that could be done. */
  async function open() {
    if (!(await load())) return false;
    if (whole !== undefined && !isDrawn) {
      isDrawn = true;
      shown = format(all);
      draw();
      fill(status);
    }
    box.classList.remove("clamped");
    fill(more, t("passage.less"));
    return true;
  }
  const holds = (words) => (all ?? text).toLowerCase().includes(words) || (all !== null && format(all).toLowerCase().includes(words));
  searched.set(frame, { holds, load, open, isWhole: () => all !== null });
  return frame;
}

/** Whether Markdown would show a text in another way than it was written. */
function isFormatted(text) {
  return text.length <= HUGE && /[`*_#>|[]|^\s*(?:[-+]|\d+[.)])\s/m.test(text);
}

function rawButton(onChange) {
  const pressed = button({ class: "more raw", "aria-pressed": "false" }, () => {
    const isRaw = pressed.getAttribute("aria-pressed") === "false";
    pressed.setAttribute("aria-pressed", String(isRaw));
    onChange(isRaw);
  }, t("passage.raw"));
  return pressed;
}

function show(box, text, style) {
  box.classList.toggle("markdown", style === markdown && text.length <= HUGE);
  if (text.length <= HUGE) {
    fill(box, style(text));
    return;
  }
  box.classList.add("huge");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", t("passage.label"));
  fill(box, pieces(text).map((piece) => el("div", { class: "piece" }, logText(piece))));
}
