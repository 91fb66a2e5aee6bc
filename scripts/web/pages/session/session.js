// The session page: what was said in one session, and what did it take?

import { read } from "../shared/address.js";
import { tick, when } from "../shared/ago.js";
import { addressOf, ask } from "../shared/api.js";
import { copy } from "../shared/copying.js";
import { byId, button, el, fill } from "../shared/dom.js";
import { Facts } from "./facts.js";
import { Find } from "./find.js";
import { count } from "../shared/format.js";
import { icon } from "../shared/icons.js";
import { Live } from "../shared/updates.js";
import { announce, failure, notice, skeleton } from "../shared/notices.js";
import { Rail } from "./rail.js";
import { promptOf } from "./round.js";
import { Rounds, around } from "./rounds.js";
import { beginning, oneLine } from "../shared/log_text.js";
import { nextTheme, showSettings } from "../shared/settings.js";
import { listenForKeys } from "../shared/shortcuts.js";
import { load as loadTexts, t } from "../shared/texts.js";

const GAP = 1000;
const NEAR = 120;
const STATUS_TEXTS = { active: "status.active", idle: "status.idle", error: "status.error" };

const id = read().get("id") ?? "";
let answer = null;
let marks = new Map();
let rounds = null;
let rail = null;
let facts = null;
let find = null;
let live = null;
let current = null;
let isFollowing = false;
let unread = 0;
let isRedacted = false;

async function start() {
  document.title = beginning(id, 60) || t("brand");
  const keys = [
    ["j", t("keys.nextRound"), () => step(1)],
    ["k", t("keys.formerRound"), () => step(-1)],
    ["J", t("keys.nextPrompt"), () => stepPrompt(1)],
    ["K", t("keys.formerPrompt"), () => stepPrompt(-1)],
    ["g", t("keys.first"), () => goTo(1)],
    ["G", t("keys.last"), () => toEnd()],
    ["/", t("keys.find"), () => find?.focus()],
    ["e", t("keys.open"), () => openAll()],
    ["c", t("keys.copy"), () => current && copyLink(current, null)],
    ["p", t("keys.pause"), () => live?.toggle()],
    ["u", t("keys.overview"), () => byId("home").click()],
    ["t", t("keys.theme"), nextTheme],
  ];
  showSettings(listenForKeys(keys));
  rail = new Rail(byId("rail"));
  rounds = new Rounds(
    id,
    { rounds: byId("rounds"), earlier: byId("earlier"), later: byId("later") },
    { marksOf: (number) => marks.get(number) ?? [], onCopy: copyLink, onChange: roundsChanged },
  );
  find = new Find(id, { box: byId("found"), conversation: byId("rounds"), onChoose: goTo });
  fill(byId("toolbar"), search()); // at once: who presses / and types must not press shortcuts
  try {
    await Promise.all([showRounds(), showFacts()]);
  } catch (error) {
    instead(error);
    return;
  }
  live = new Live(() => addressOf("session/events", { id, after: answer.rounds }), "rounds", (data) => grown(data));
  live.updated();
  live.start();
  setInterval(() => tick(document), 10_000);
}

/** What is read comes first, and waits for nothing else. */
async function showRounds() {
  await rounds.open(null, first.rounds);
  addEventListener("hashchange", () => goToHash());
  addEventListener("scroll", scrolled, { passive: true });
  if (hashed()) await goToHash();
}

async function showFacts() {
  const [{ data: me }, { data: session }] = await Promise.all([first.me, first.session]);
  isRedacted = me.redacted;
  take(session);
  showHead();
  showToolbar();
  facts = new Facts(byId("facts"), { onChoose: goTo, isRedacted });
  facts.show(answer);
  if (current) facts.mark(current);
}

/** Grey bars until there is something to read. */
function loading() {
  fill(byId("head"), skeleton(2));
  fill(byId("rounds"), [1, 2].map(() => el("div", { class: "round" }, skeleton(7))));
  fill(byId("facts"), el("section", { class: "panel" }, skeleton(7)));
}

function take(session) {
  answer = session;
  marks = new Map(session.context.filter((point) => point.marks.length).map((point) => [point.round, point.marks]));
  rounds.showMarks();
}

// -- what stands above -----------------------------------------------------------------------------------------------------

function showHead() {
  const { session, link } = answer;
  const title = session.title ? oneLine(session.title) : t(isRedacted ? "redacted.title" : "sessions.noTitle");
  document.title = `${beginning(session.title || id, 60)} · ${t("brand")}`;
  const status = t(STATUS_TEXTS[session.status]);
  const copyId = button({ class: "quiet square", "aria-label": t("head.copyId"), title: t("head.copyId") }, () => copy(id, copyId), icon("copy"));
  const share = button({ class: "quiet", title: t("head.shareHint") }, () => copy(location.origin + link, share), icon("link"), t("head.share"));
  fill(
    byId("head"),
    el("div", { class: "title" }, el("h1", { dir: "auto", class: session.title ? null : "untitled", title }, beginning(title, 220))),
    el(
      "p",
      { class: "of-session" },
      el("span", { class: `status ${session.status}` }, el("span", {}, status)),
      el("span", {}, when(session.updated_at)),
      el("span", { class: "id", dir: "auto" }, oneLine(id)),
      copyId,
      share,
    ),
  );
}

function search() {
  return el("span", { class: "search" }, icon("search"), find.input);
}

function showToolbar() {
  const follow = button({ class: "quiet follow", id: "follow", "aria-pressed": "false", title: t("follow.hint") }, () => (isFollowing ? setFollowing(false) : toEnd()), icon("down"), t("follow.label"));
  const open = button({ class: "quiet", id: "open-all", "aria-pressed": "false" }, openAll, t("toolbar.open"));
  const isTyping = document.activeElement === find.input;
  fill(byId("toolbar"), isRedacted ? el("p", { class: "redacted" }, icon("lock"), t("redacted.all")) : search(), open, follow);
  if (isTyping) find.input.focus();
}

/** Opens all that is folded in the rounds that are shown, or folds it again. */
function openAll() {
  const node = byId("open-all");
  const isOpen = node.getAttribute("aria-pressed") !== "true";
  node.setAttribute("aria-pressed", String(isOpen));
  for (const details of byId("rounds").querySelectorAll("details")) details.open = isOpen;
}

// -- going to rounds ---------------------------------------------------------------------------------------------------------

function hashed() {
  const match = /^#r(\d{1,9})$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

function goTo(number) {
  if (hashed() === number) goToHash();
  else location.hash = `#r${number}`;
}

async function goToHash() {
  const number = hashed();
  if (number === null) return;
  setFollowing(false);
  if (!rounds.has(number)) {
    try {
      await rounds.open(Math.max(1, Math.min(number, rounds.total)));
    } catch (error) {
      announce(error.message);
      return;
    }
  }
  const article = byId(`r${number}`) ?? byId("rounds").lastElementChild;
  if (!article) return;
  article.scrollIntoView({ block: "start" });
  article.focus({ preventScroll: true });
  for (const each of document.querySelectorAll(".round.is-target")) each.classList.remove("is-target");
  article.classList.add("is-target");
  see(Number(article.id.slice(1)));
}

function copyLink(number, node) {
  copy(`${location.origin}${location.pathname}${location.search}#r${number}`, node);
}

async function step(by) {
  const to = (current ?? rounds.first) + by;
  if (to >= 1 && to <= rounds.total) goTo(to);
}

/** Goes to the next round with a prompt of a person, loading more where there is none on the page. */
async function stepPrompt(by) {
  for (;;) {
    const shown = rounds.all;
    const from = current ?? rounds.first;
    const order = by > 0 ? shown : [...shown].reverse();
    const found = order.find((round) => (round.round - from) * by > 0 && promptOf(round));
    if (found) {
      goTo(found.round);
      return;
    }
    if (by > 0 ? rounds.isAtEnd : rounds.first <= 1) {
      announce(t("keys.noMorePrompts"));
      return;
    }
    const before = rounds.all.length && (by > 0 ? rounds.last : rounds.first);
    await (by > 0 ? rounds.later() : rounds.earlier());
    if (before === (by > 0 ? rounds.last : rounds.first)) return;
  }
}

// -- which round is being read --------------------------------------------------------------------------------------------------

let isScrollSeen = false;

function scrolled() {
  if (isScrollSeen) return;
  isScrollSeen = true;
  requestAnimationFrame(() => {
    isScrollSeen = false;
    const root = document.documentElement;
    const isAtBottom = root.scrollHeight - root.clientHeight - scrollY < NEAR;
    // Only who scrolls away by himself stops following: what grows moves the end as well.
    if (isFollowing && !isAtBottom && scrollY < followedFrom - 4) setFollowing(false);
    followedFrom = scrollY;
    const articles = byId("rounds").children;
    let [low, high] = [0, articles.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (articles[middle].getBoundingClientRect().top < 160) low = middle;
      else high = middle - 1;
    }
    if (articles[low]?.id) see(Number(articles[low].id.slice(1)));
  });
}

let followedFrom = 0;

function see(number) {
  current = number;
  rail.mark(number);
  facts?.mark(number);
}

// -- a session that goes on --------------------------------------------------------------------------------------------------------

let next = 0;
let last = 0;

/** The server says how many rounds there are by now, or nobody said anything for long. */
function grown(data) {
  if (data && data.last <= answer.rounds) return;
  clearTimeout(next);
  next = setTimeout(update, Math.max(0, last + GAP - Date.now()));
}

async function update() {
  last = Date.now();
  try {
    const wasAtEnd = rounds.isAtEnd;
    const { data } = await ask("session", { id });
    take(data);
    const before = rounds.total;
    if (wasAtEnd) await rounds.later();
    rounds.grown(data.rounds);
    showHead();
    facts.show(answer);
    if (current) facts.mark(current);
    const fresh = rounds.total - before;
    if (fresh > 0) {
      announce(t("follow.new", { count: fresh, rounds: count(fresh) }));
      if (isFollowing) scrollToEnd();
      else showUnread(unread + fresh);
    }
    live.updated();
  } catch {
    live.lost();
  }
}

function roundsChanged() {
  rail.show(rounds.all);
  if (current && rounds.has(current)) see(current);
  else scrolled();
  find.mark();
  if (byId("open-all")?.getAttribute("aria-pressed") === "true") {
    for (const details of byId("rounds").querySelectorAll("details:not([open])")) details.open = true;
  }
}

function showUnread(number) {
  unread = number;
  const words = t("follow.new", { count: number, rounds: count(number) });
  fill(byId("floating"), number ? button({ class: "primary", id: "new-rounds" }, toEnd, icon("down"), words) : null);
}

async function toEnd() {
  if (!rounds.isAtEnd) {
    try {
      await rounds.open();
    } catch (error) {
      announce(error.message);
      return;
    }
  }
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  setFollowing(true);
  scrollToEnd();
}

function scrollToEnd() {
  byId("later").scrollIntoView({ block: "end", behavior: "instant" });
  scrollTo({ top: endOfRounds(), behavior: "instant" });
  followedFrom = scrollY;
}

function endOfRounds() {
  return byId("later").getBoundingClientRect().bottom + scrollY - innerHeight + 40;
}

function setFollowing(on) {
  isFollowing = on;
  byId("follow")?.setAttribute("aria-pressed", String(on));
  if (on) showUnread(0);
}

// -- instead of it -------------------------------------------------------------------------------------------------------------------

function instead(error) {
  byId("content").hidden = true;
  const home = el("p", {}, el("a", { class: "primary", href: "/" }, t("missing.home")));
  let what = failure(error, () => location.reload());
  if (!id || error.status === 404) what = notice("empty", t("missing.title"), el("p", { class: "id", dir: "auto" }, oneLine(id)), el("p", {}, t("missing.why")), home);
  else if (error.status === 403) what = notice("locked", t("locked.oneTitle"), el("p", {}, t("locked.other")));
  fill(byId("instead"), what);
}

loading();
// All is asked for at once; what fails is told where it is waited for.
const first = { me: ask("me", { id }), session: ask("session", { id }), rounds: around(id, hashed()) };
Promise.allSettled(Object.values(first));
await loadTexts();
await start();
