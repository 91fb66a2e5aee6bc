// In which rounds of all sessions was it said? While words stand in the field this is what the page is about.

import { button, el, fill } from "../shared/dom.js";
import { sessionAddress } from "../shared/net/address.js";
import { timeAgo } from "../shared/text/ago.js";
import { excerptOf } from "../shared/text/excerpt.js";
import { count, percent } from "../shared/text/format.js";
import { cutInMiddle } from "../shared/text/log_text.js";
import { titleOf } from "../shared/text/session_names.js";
import { t } from "../shared/text/texts.js";

const NOTED_TEXTS = { name: "noted.inName", tag: "noted.inTag", note: "noted.inNote" };

/** Shows where words were found, by session, that with the latest hit first; `onMore` brings further ones. */
export function showHits(box, { hits: rounds, more, notes, sessions, complete, looked_through: lookedThrough }, { words, isRedacted, onMore }) {
  const present = box.querySelector(".hit.is-present")?.getAttribute("href");
  const focused = document.activeElement?.closest("#hits .hit")?.getAttribute("href");
  const hits = [...notes, ...rounds];
  const bySession = Map.groupBy ? Map.groupBy(hits, (hit) => hit.session_id) : grouped(hits);
  const titles = new Map(sessions.map((session) => [session.session_id, session]));
  // Where there are more, any of the sessions may have some of them.
  const numberOf = ({ length }) => `${count(length)}${more ? "+" : ""}`;
  const where = t("hits.where", { count: bySession.size + Number(more), sessions: numberOf({ length: bySession.size }) });
  const found = t("hits.found", { count: hits.length, hits: numberOf(hits), where });
  fill(
    box,
    el("header", {}, el("h2", {}, t("hits.title"), hits.length ? el("small", {}, found, more ? ` · ${t("hits.latest")}` : "") : null)),
    hits.length
      ? el("div", { class: "hits" }, [...bySession].map(([id, its]) => ofSession(titles.get(id) ?? { session_id: id }, its, { words, isRedacted, number: numberOf(its) })))
      : el("p", { class: "none" }, t(complete ? "hits.none" : "hits.noneYet")),
    isOnTheWay({ complete, more }) ? progressOf(lookedThrough) : null,
    more && onMore ? button({ class: "quiet all" }, onMore, t("hits.more")) : null,
  );
  const links = hitsOf(box);
  mark(links, Math.max(0, links.findIndex((link) => link.getAttribute("href") === present)));
  links.find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

/** Whether there may be hits among older rounds that are looked through when it is asked again. */
export function isOnTheWay({ complete, more }) {
  return !complete && !more;
}

function progressOf(share) {
  const text = t("hits.looked", { share: percent(Math.floor(100 * share) / 100) });
  return el("p", { class: "looked" }, el("progress", { value: share, max: 1, "aria-label": text }), " ", text);
}

/** Moves to the next or the former hit. */
export function stepHit(box, by) {
  const links = hitsOf(box);
  if (!links.length) return;
  const at = links.findIndex((link) => link.classList.contains("is-present"));
  const to = (at + by + links.length) % links.length;
  mark(links, to);
  links[to].focus();
}

/** Opens the hit that is marked; says whether there is one. */
export function openHit(box) {
  const link = box.hidden ? null : box.querySelector(".hit.is-present");
  link?.click();
  return Boolean(link);
}

function hitsOf(box) {
  return [...box.querySelectorAll(".hit")];
}

function mark(links, at) {
  links.forEach((link, number) => link.classList.toggle("is-present", number === at));
}

function grouped(hits) {
  const found = new Map();
  for (const hit of hits) found.set(hit.session_id, [...(found.get(hit.session_id) ?? []), hit]);
  return found;
}

function ofSession(session, hits, { words, isRedacted, number }) {
  const { session_id: id } = session;
  return el(
    "section",
    { class: "of-one" },
    el(
      "h3",
      {},
      el("a", { href: sessionAddress(id, hits[0].round, hits[0].round && words), dir: "auto" }, titleOf(session, isRedacted)),
      el("bdi", { class: "id" }, cutInMiddle(id, 44)),
      el("small", {}, t("hits.inSession", { count: hits.length, hits: number })),
    ),
    el("ol", {}, hits.map((hit) => el("li", {}, hitLink(id, hit, words)))),
  );
}

function hitLink(id, { round, timestamp, excerpt, matches, kind, at }, words) {
  return el(
    "a",
    { class: "hit", href: sessionAddress(id, round, round && words) },
    el("span", { class: "number-of" }, kind ? t(NOTED_TEXTS[kind]) : t("round.title", { round: count(round) })),
    excerptOf(excerpt, matches),
    kind && !at ? null : el("small", {}, timeAgo(at ?? timestamp)),
  );
}
