// What leads where, or does what, by its name: pages, sessions, models, consumers, and a few things to do?

import { el } from "../dom.js";
import { icon } from "../icons.js";
import { addressWith, go, sessionAddress } from "../net/address.js";
import { ask } from "../net/api.js";
import { overviewAddress } from "../net/home.js";
import { timeAgo } from "../text/ago.js";
import { count } from "../text/format.js";
import { beginning, cutInMiddle, oneLine } from "../text/log_text.js";
import { titleOf } from "../text/session_names.js";
import { LANGUAGES, chooseLanguage, language, t } from "../text/texts.js";
import { loadColours, swatchOf } from "./colours.js";
import { THEMES, chooseTheme, chosenTheme } from "./theme.js";

const TITLE = 90;
const MOST = 6;
const NOTHING = { sessions: [], models: [], consumers: [], more: false, older: 0 };

/** What the server knows by these words; nothing where this reader's key opens one session alone, or no page is there. */
export async function askNames(words, signal) {
  if (document.documentElement.dataset.code) return NOTHING;
  const { data: me } = await ask("me", {}, signal);
  if (me.scope === "session") return NOTHING;
  const [{ data }] = await Promise.all([ask("names", { q: words, limit: MOST }, signal), loadColours()]);
  return { ...data, words, isRedacted: me.redacted, canSearch: !me.redacted };
}

/** Kinds of offers, each with those of its kind that have all of the words; `known` is what the server said last. */
export function offersFor(words, known = NOTHING) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ name }) => wanted.every((word) => name.toLowerCase().includes(word));
  // What was said to other words is sifted here, until there is an answer to these.
  const said = (offers) => (known.words === words ? offers : offers.filter(fits));
  const kinds = [
    ["palette.pages", pages().filter(fits)],
    ["palette.sessions", said(known.sessions.map((session) => ofSession(session, known.isRedacted)))],
    ["palette.models", said(known.models.map((model) => ofName("model", model)))],
    ["palette.consumers", said(known.consumers.map((consumer) => ofName("consumer", consumer)))],
    ["palette.said", known.canSearch && words.trim() ? [ofSearch(words.trim())] : []],
    ["palette.actions", actions().filter(fits)],
  ];
  return kinds.filter(([, offers]) => offers.length);
}

/** What to know of the sessions that are offered: that there are others, or that of old ones ids alone were looked at. */
export function noteOn({ more, older }, words) {
  if (more) return t("palette.more");
  return older && words.trim() ? t("palette.older", { count: older, sessions: count(older) }) : "";
}

function pages() {
  return [...document.querySelectorAll(".pages a")]
    .filter((link) => link.offsetParent && !link.hasAttribute("aria-current"))
    .map((link) => ({ name: nameOf(link), href: link.href, shown: [icon("right"), nameOf(link)] }));
}

/** The name of a page, without the number beside it. */
function nameOf(link) {
  return (link.querySelector("[data-text]") ?? link).textContent;
}

function ofSession(session, isRedacted) {
  const title = titleOf(session, isRedacted);
  return {
    name: `${session.session_id} ${session.title ?? ""}`,
    href: sessionAddress(session.session_id),
    shown: [
      icon("thought"),
      el(
        "span",
        { class: "palette-who" },
        el("span", { dir: "auto", class: session.title ? null : "none" }, beginning(title, TITLE)),
        el("small", {}, el("bdi", { class: "id" }, cutInMiddle(session.session_id, 40)), timeAgo(session.updated_at)),
      ),
    ],
  };
}

/** A model or a consumer filters the list of sessions, which stays as it was otherwise. */
function ofName(kind, name) {
  const mark = kind === "model" ? swatchOf(name) : icon("person");
  return { name, shown: [mark, el("bdi", { title: oneLine(name) }, cutInMiddle(name, 60))], ...inList({ [kind]: name, offset: null }) };
}

function ofSearch(words) {
  return { name: words, shown: [icon("search"), el("span", { dir: "auto" }, t("palette.search", { words: `\u2068${cutInMiddle(words, 48)}\u2069` }))], ...inList({ q: words, offset: null }) };
}

/** Leads to the overview with some of what it asks for changed; without loading it where it is there. */
function inList(changes) {
  if (!document.body.classList.contains("overview")) return { href: overviewAddress(changes) };
  const press = () => {
    go(changes);
    scrollTo({ top: 0 });
  };
  return { href: addressWith(changes), press };
}

function actions() {
  const themes = Object.keys(THEMES).filter((theme) => theme !== chosenTheme());
  const languages = Object.entries(LANGUAGES).filter(([tag]) => tag !== language);
  return [
    ...themes.map((theme) => action(t("theme.label", { theme: t(THEMES[theme]) }), "system", () => chooseTheme(theme))),
    ...languages.map(([tag, name]) => action(`${t("language.label")}: ${name}`, "person", () => chooseLanguage(tag))),
  ];
}

function action(name, drawing, press) {
  return { name, press, shown: [icon(drawing), name] };
}
