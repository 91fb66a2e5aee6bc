// The overview page: what was spent, on what, when, and in which sessions?

import { byId, el, fill } from "../shared/dom.js";
import { go, onAddressChange } from "../shared/net/address.js";
import { apiAddress, ask, askEarly } from "../shared/net/api.js";
import { rememberOverview } from "../shared/net/home.js";
import { keepScroll, restoreScroll } from "../shared/net/scrolling.js";
import { Throttle, UpdateFeed } from "../shared/net/updates.js";
import { updateTimesAgo } from "../shared/text/ago.js";
import { count, time } from "../shared/text/format.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { loadColours } from "../shared/ui/colours.js";
import { onFiring, watchFiring } from "../shared/ui/firing.js";
import { announce, failure, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";
import { showAlerts } from "./alerts.js";
import { showCards } from "./cards.js";
import { showCoverage } from "./coverage.js";
import { showFailure, showNoMatch, showNothingYet, showOneSessionOnly } from "./emptiness.js";
import { Filters } from "./filters.js";
import { showFindings } from "./findings.js";
import { showFiring } from "./firing.js";
import { showGroups } from "./groups.js";
import { showHeat } from "./heat.js";
import { isOnTheWay, openHit, showHits, stepHit } from "./hits.js";
import { showSessions, stepSession, turnPage } from "./sessions.js";
import { Timeline, barsOf } from "./timeline.js";
import { PAGE_SIZE, filtersOf, isFiltered, unitOf, view } from "./view.js";

const BEFORE_TEXTS = { yesterday: "range.before.yesterday", "24h": "range.before.24h", "7d": "range.before.7d", "30d": "range.before.30d" };
const UPDATE_GAP = 2000;
const HITS = 20;
const MOST_HITS = 200;
/** Milliseconds between two looks at a search that has not looked through all. */
const GO_ON = 300;

/** The page of all sessions. */
class OverviewPage {
  #isRedacted = false;
  #filters = null;
  #timeline = null;
  #feed = null;
  #asking = new AbortController();
  #hits = HITS;
  #updates = new Throttle(UPDATE_GAP, (options) => this.#refresh(options));

  /** Shows what the address asks for, and from then on what becomes of it. */
  async start() {
    document.title = t("brand");
    showSettings(listenForKeys(this.#shortcuts()));
    const me = await askWhoAmI();
    if (me?.scope === "session") showOneSessionOnly(me.session);
    else if (me) await this.#open(me);
  }

  async #open(me) {
    this.#isRedacted = me.redacted;
    keepScroll();
    this.#filters = new Filters(byId("filters"), { isRedacted: me.redacted, onEnter: () => openHit(byId("hits")) });
    this.#timeline = new Timeline(byId("timeline"));
    this.#feed = new UpdateFeed(() => apiAddress("events"), "change", () => this.#updates.soon({ isQuiet: true }));
    onAddressChange(() => this.#updates.now());
    onFiring((firing) => showFiring(byId("firing"), firing));
    watchFiring();
    await this.#updates.now();
    this.#feed.start();
    setInterval(() => updateTimesAgo(document), 10_000);
  }

  #shortcuts() {
    const sessions = byId("sessions");
    return [
      ["/", t("keys.search"), () => this.#filters?.focus()],
      ["n", t("keys.nextHit"), () => stepHit(byId("hits"), 1)],
      ["N", t("keys.formerHit"), () => stepHit(byId("hits"), -1)],
      ["j", t("keys.nextSession"), () => stepSession(sessions, 1)],
      ["k", t("keys.formerSession"), () => stepSession(sessions, -1)],
      ["]", t("keys.nextPage"), () => turnPage(sessions, 1)],
      ["[", t("keys.formerPage"), () => turnPage(sessions, -1)],
      ["p", t("keys.pause"), () => this.#feed?.toggle()],
      ["t", t("keys.theme"), nextTheme],
    ];
  }

  /** Asks for what the address says, and shows it; quietly where the reader did nothing. */
  async #refresh({ isQuiet = false } = {}) {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const wanted = view();
    this.#filters.show();
    rememberOverview();
    byId("content").setAttribute("aria-busy", "true");
    try {
      const [overview, { data: sessions }] = await askFor(wanted, signal);
      this.#search(wanted, signal);
      this.#show(overview, sessions, wanted);
      this.#askForFindings(wanted, sessions, signal);
      restoreScroll();
      this.#feed.updated();
      if (!isQuiet) announce(t("sessions.some", { meant: count(sessions.meant), total: count(sessions.total) }));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#feed.lost();
      // What is on the screen stays there when only an update failed.
      if (!isQuiet || !byId("sessions").childElementCount) showFailure(error, () => this.#updates.now());
    }
    byId("content").removeAttribute("aria-busy");
  }

  /** They come beside, and a little later: what is new has to be judged first. */
  #askForFindings(wanted, { sessions }, signal) {
    const { q: _, ...filters } = filtersOf(wanted);
    showFindings(byId("sessions"), filters, sessions.map((session) => session.session_id), signal);
  }

  /** What was said is looked for beside: the first search of all takes its time. */
  async #search(wanted, signal) {
    const box = byId("hits");
    const words = wanted.q;
    const isSearch = Boolean(words) && !this.#isRedacted;
    box.hidden = !isSearch;
    byId("content").classList.toggle("is-search", isSearch);
    if (!isSearch) {
      delete box.dataset.words;
      return;
    }
    if (box.dataset.words !== words) {
      fill(box, skeleton(3));
      this.#hits = HITS;
    }
    box.dataset.words = words;
    const onMore = () => {
      this.#hits = Math.min(MOST_HITS, 3 * this.#hits);
      this.#search(wanted, this.#asking.signal);
    };
    try {
      const { data } = await ask("search", { ...filtersOf(wanted), limit: this.#hits, of_each: Math.ceil(this.#hits / 4) }, signal);
      showHits(box, data, { words, isRedacted: this.#isRedacted, onMore: this.#hits < MOST_HITS ? onMore : null });
      if (isOnTheWay(data)) setTimeout(() => !signal.aborted && this.#search(wanted, signal), GO_ON);
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(box, failure(error, () => !signal.aborted && this.#search(wanted, signal)));
    }
  }

  #show({ data, coverage }, sessions, wanted) {
    if (!sessions.total) {
      showNothingYet();
      return;
    }
    const hasCalls = data.cards.now.calls > 0;
    if (wanted.isUsualRange && !isFiltered(wanted) && !hasCalls) {
      // The first look at older logs should not be an empty page.
      go({ range: "all" }, { replace: true });
      return;
    }
    byId("filters").hidden = false;
    fill(byId("instead"));
    byId("content").hidden = false;
    this.#filters.offer(data.known);
    showAlerts(byId("alerts"), data.alerts);
    showCards(byId("cards"), data.cards, coverage, t(BEFORE_TEXTS[wanted.range] ?? "range.before.custom"));
    const isEmpty = !sessions.meant && !hasCalls;
    for (const id of ["timeline", "groups"]) byId(id).hidden = isEmpty;
    this.#showSessions(sessions, wanted, isEmpty ? whyEmpty(data) : t(wanted.q ? "empty.noId" : "empty.none"));
    if (isEmpty) return;
    this.#timeline.show(barsOf(data));
    showGroups(data);
    showHeat(byId("heat"), data.heat);
    showCoverage(byId("coverage"), coverage);
  }

  /** The table anew, or why it is empty; who was at a link or a button of it is there again. */
  #showSessions(sessions, wanted, why) {
    const box = byId("sessions");
    if (!sessions.meant) {
      showNoMatch(box, wanted, why);
      return;
    }
    const pressable = () => [...box.querySelectorAll("a, button, select")];
    const focused = pressable().indexOf(document.activeElement);
    showSessions(box, sessions, this.#isRedacted);
    if (focused >= 0) pressable()[focused]?.focus({ preventScroll: true });
  }
}

/** What the server says of this reader, or null: then the page says why there is no answer. */
async function askWhoAmI() {
  try {
    return (await ask("me")).data;
  } catch (error) {
    showFailure(error, () => location.reload());
    return null;
  }
}

/** The figures, and a page of sessions; the models' colours are there by then, too. */
function askFor(wanted, signal) {
  return Promise.all([...questionsOf(wanted).map(([path, parameters]) => ask(path, parameters, signal)), loadColours()]);
}

/** What is asked for them. */
function questionsOf(wanted) {
  const filters = filtersOf(wanted);
  const order = { sort_by: wanted.sort, reverse: wanted.reverse ? 1 : 0, offset: wanted.offset, limit: PAGE_SIZE };
  return [
    // Words are looked for in ids and in what was said: they choose sessions and rounds, and no sums.
    ["overview", { ...filters, q: "", by: unitOf(wanted) }],
    ["sessions", { ...filters, ...order }],
  ];
}

/** Why a span has nothing in it. */
function whyEmpty({ updated_at: newest }) {
  return newest ? t("empty.newest", { time: time(newest) }) : t("empty.none");
}

/** Grey bars until there are figures. */
function showLoading() {
  fill(byId("cards"), Array.from({ length: 6 }, () => el("article", { class: "card" }, skeleton(3))));
  fill(byId("timeline"), el("div", { class: "chart" }, skeleton(6)));
  fill(byId("sessions"), skeleton(12));
}

showLoading();
// All is asked for at once, unless this reader's key opens one session alone.
askEarly("me");
if (performance.getEntriesByType("navigation")[0]?.responseStatus !== 403) [...questionsOf(view()), ["colours"]].forEach((question) => askEarly(...question));
await loadTexts();
await new OverviewPage().start();
