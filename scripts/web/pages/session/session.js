// The session page: what was said in one session, and what did it take?

import { byId, el, fill } from "../shared/dom.js";
import { addressParameters, onAddressChange } from "../shared/net/address.js";
import { apiAddress, ask } from "../shared/net/api.js";
import { Throttle, UpdateFeed, oncePerFrame } from "../shared/net/updates.js";
import { updateTimesAgo } from "../shared/text/ago.js";
import { loadFindingWords } from "../shared/findings/words.js";
import { count } from "../shared/text/format.js";
import { oneLine } from "../shared/text/log_text.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { hasColours, loadColours } from "../shared/ui/colours.js";
import { copy } from "../shared/ui/copying.js";
import { watchFiring } from "../shared/ui/firing.js";
import { announce, failure, notice, showInstead, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";
import { Facts } from "./figures/facts.js";
import { proofsOf } from "./figures/findings.js";
import { Strip } from "./figures/strip.js";
import { showHead, windowTitle } from "./head.js";
import { ALL, Choice, choiceInAddress } from "./reading/choice.js";
import { TextSearch } from "./reading/find.js";
import { Following } from "./reading/following.js";
import { Holding } from "./reading/holding.js";
import { Navigation, roundInAddress } from "./reading/navigation.js";
import { Rail } from "./reading/rail.js";
import { Toolbar } from "./reading/toolbar.js";
import { threadOf } from "./rounds/remarks.js";
import { Rounds, askRounds } from "./rounds/rounds.js";

const UPDATE_GAP = 1000;
const OUTLINE_GAP = 5000;
const INSIGHTS_GAP = 5000;

/** The page of one session. */
class SessionPage {
  #id;
  #answer = null;
  #marks = new Map();
  #isRedacted = false;
  #hasThreads = false;
  #rounds;
  #holding;
  #following;
  #navigation;
  #search;
  #toolbar;
  #strip;
  #choice = new Choice(byId("choice"), (name, numbers) => this.#chosen(name, numbers));
  #rail = new Rail(byId("rail"), (number) => this.#navigation.goTo(number));
  #outline = null;
  #outlines = new Throttle(OUTLINE_GAP, () => this.#showOutline());
  #proofs = new Map();
  #insights = new Throttle(INSIGHTS_GAP, () => this.#showInsights());
  #facts = null;
  #feed = null;
  #updates = new Throttle(UPDATE_GAP, () => this.#update());
  #scrolled = oncePerFrame(() => {
    this.#holding.scrolled();
    this.#following.scrolled();
    this.#navigation.look();
  });

  constructor(id) {
    this.#id = id;
    const box = byId("rounds");
    this.#rounds = new Rounds(
      id,
      { rounds: box, earlier: byId("earlier"), later: byId("later") },
      { marksOf: (number) => this.#marksOf(number), onCopy: (number, pressed) => this.#copyLink(number, pressed), onChange: () => this.#roundsChanged(), onOpen: () => this.#search?.mark() },
    );
    this.#holding = new Holding(box);
    this.#following = new Following(this.#rounds, this.#holding);
    this.#navigation = new Navigation(this.#rounds, { box, holding: this.#holding, missing: byId("missing"), onRead: (number) => this.#read(number), onJump: (number) => this.#jumped(number), onHidden: (number) => this.#showHidden(number) });
    this.#search = new TextSearch(id, { box: byId("found"), conversation: box, onChoose: (number) => this.#navigation.goTo(number), onSeen: () => this.#holding.release(), readAt: () => this.#navigation.current });
    this.#strip = new Strip(byId("strip"), byId("strip-line"), { facts: byId("facts"), onFailed: () => this.#stepFailed(1) });
    this.#toolbar = new Toolbar(byId("toolbar"), { rounds: box, search: this.#search, following: this.#following, onToggle: () => this.#navigation.holdTarget() });
  }

  /** Shows the session, and from then on what becomes of it; the first answers of the server are on their way. */
  async start({ me, session, rounds }) {
    document.title = windowTitle(this.#id) || t("brand");
    showSettings(listenForKeys(this.#shortcuts()));
    try {
      await Promise.all([this.#showRounds(rounds), this.#showFacts(me, session)]);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#outline) this.#outlines.now();
    this.#insights.now();
    const address = () => apiAddress("session/events", { id: this.#id, after: this.#answer.rounds });
    this.#feed = new UpdateFeed(address, "rounds", () => this.#updates.soon());
    this.#feed.updated();
    this.#feed.start();
    addEventListener("beforeprint", () => fill(byId("printed"), printed(this.#rounds)));
    setInterval(() => updateTimesAgo(document), 10_000);
  }

  /** What is known of a round beside what it holds. */
  #marksOf(number) {
    const agents = this.#outline?.sub_agents ?? [];
    return {
      marks: this.#marks.get(number) ?? [],
      found: this.#proofs.get(number) ?? [],
      hasThreads: this.#hasThreads,
      agents: agents.filter((agent) => agent.began_by === number),
      isTask: agents.some((agent) => agent.round === number),
    };
  }

  #shortcuts() {
    return [
      ["j", t("keys.nextRound"), () => this.#navigation.step(1)],
      ["k", t("keys.formerRound"), () => this.#navigation.step(-1)],
      ["J", t("keys.nextPrompt"), () => this.#stepQuestion(1)],
      ["K", t("keys.formerPrompt"), () => this.#stepQuestion(-1)],
      ["n", t("keys.nextFailed"), () => this.#stepFailed(1)],
      ["N", t("keys.formerFailed"), () => this.#stepFailed(-1)],
      ["g", t("keys.first"), () => this.#following.toStart()],
      ["G", t("keys.last"), () => this.#following.follow()],
      ["/", t("keys.find"), () => this.#search.focus()],
      ["e", t("keys.open"), () => this.#toolbar.toggleAll()],
      ["o", t("keys.openOne"), () => this.#navigation.toggle()],
      ["c", t("keys.copy"), () => this.#navigation.current && this.#copyLink(this.#navigation.current, null)],
      ["p", t("keys.pause"), () => this.#feed?.toggle()],
      ["u", t("keys.overview"), () => byId("home").click()],
      ["t", t("keys.theme"), nextTheme],
    ];
  }

  /** What is read comes first, and waits for nothing else. */
  async #showRounds(asked) {
    if (choiceInAddress() !== ALL) await this.#showOutline();
    else await this.#rounds.open(null, asked);
    // The address may ask for a round that there is not.
    if (!this.#rounds.last) await this.#rounds.open();
    addEventListener("hashchange", () => this.#navigation.followAddress());
    onAddressChange(() => this.#choice.followAddress());
    addEventListener("scroll", this.#scrolled, { passive: true });
    if (roundInAddress() === null) return;
    await this.#navigation.followAddress();
    this.#search.reveal(roundInAddress());
  }

  async #showFacts(...asked) {
    const [{ data: me }, { data: session }] = await Promise.all(asked);
    this.#isRedacted = me.redacted;
    this.#toolbar.show(this.#isRedacted);
    // Who has the key of this session alone is shut out from the other pages.
    byId("pages").classList.toggle("is-open", me.scope !== "session");
    byId("pages").hidden = me.scope === "session";
    if (me.scope !== "session") watchFiring();
    const words = addressParameters().get("find");
    if (words && !this.#isRedacted) this.#search.find(words);
    this.#facts = new Facts(byId("facts"), { id: this.#id, onChoose: (number) => this.#navigation.goTo(number), onFailed: () => this.#stepFailed(1), isRedacted: this.#isRedacted, isForAll: me.scope !== "session" });
    this.#take(session);
    this.#showAnswer();
    if (this.#outline) this.#facts.showOutline(this.#outline);
  }

  /** Keeps the server's answer about the session, and says at the rounds what it knows of them. */
  #take(answer) {
    this.#answer = answer;
    this.#marks = new Map(answer.context.filter((point) => point.marks.length).map((point) => [point.round, point.marks]));
    this.#hasThreads = answer.context.some((point) => threadOf(point) > 1);
    this.#rounds.showMarks();
  }

  #showAnswer() {
    showHead(byId("head"), this.#answer, this.#isRedacted);
    this.#strip.show(this.#answer);
    this.#facts.show(this.#answer);
    if (this.#navigation.current) this.#facts.mark(this.#navigation.current);
  }

  #jumped(number) {
    this.#following.stop();
    this.#search.wentTo(number);
  }

  /** Goes to the next round that failed, or to the one before; behind the last comes the first. */
  #stepFailed(by) {
    const failed = this.#outline?.failed ?? (this.#answer?.context ?? []).filter((point) => point.marks.includes("error")).map((point) => point.round);
    this.#navigation.stepAmong(failed, by, t("keys.noFailed"));
  }

  /** Goes to the next round that begins a question, or to the one before, wherever in the session that is. */
  #stepQuestion(by) {
    const asked = this.#outline?.questions.map((question) => question.round) ?? [];
    if (asked.length) this.#navigation.stepAmong(asked, by, t("keys.noMorePrompts"), { isRing: false });
    else this.#navigation.stepPrompt(by);
  }

  /** The whole of the session at a glance; where that cannot be had, the page does without. */
  async #showOutline() {
    try {
      const { data } = await ask("session/outline", { id: this.#id });
      this.#outline = data;
    } catch {
      return;
    }
    const isFirst = this.#choice.name === ALL;
    this.#choice.show(this.#outline);
    if (isFirst) await this.#choice.followAddress();
    else await this.#chosenGrew();
    this.#rounds.showMarks();
    this.#rail.show(this.#outline);
    // An address that asks for some rounds has the outline asked for first: it may be there before the figures are.
    this.#facts?.showOutline(this.#outline);
    if (this.#navigation.current) this.#rail.mark(this.#navigation.current);
  }

  /** What goes wrong in the session; where that takes long it is asked for again. */
  async #showInsights() {
    try {
      const { data } = await ask("session/insights", { id: this.#id });
      this.#proofs = proofsOf(data);
      this.#facts.showInsights(data);
      this.#strip.showFindings(data.findings);
      this.#rounds.showMarks();
      this.#rail.showFound(new Set([...this.#proofs].filter(([, found]) => found[0].severity !== "info").map(([number]) => number)));
      if (this.#navigation.current) this.#rail.mark(this.#navigation.current);
    } catch (error) {
      if (error.wait === null || error.wait === undefined) {
        this.#facts.tellNoInsights(error.message);
        return;
      }
      this.#facts.tellNoInsights(t("findings.waiting"));
      setTimeout(() => this.#insights.now(), error.wait);
    }
  }

  // -- some of the rounds --------------------------------------------------------------------------------------------

  /** Shows the rounds that were chosen, null for all: around the one that the address asks for, if it is one of them. */
  async #chosen(name, numbers) {
    const { current } = this.#navigation;
    this.#rounds.choose(numbers);
    byId("rounds").dataset.choice = name;
    if (this.#isLeaving) return;
    this.#holding.release();
    this.#following.stop();
    try {
      await this.#rounds.open(numbers ? null : current);
    } catch (error) {
      announce(error.message);
      return;
    }
    if (numbers) {
      scrollTo({ top: 0, behavior: "instant" });
      // A key that is pressed before the next frame goes on from here.
      this.#navigation.look();
    } else if (current) {
      this.#navigation.returnTo(current);
    }
    this.#following.show();
  }

  #isLeaving = false;

  /** All are shown, since one goes to a round that is not among the chosen ones; that is said. */
  #showHidden(number) {
    const words = t("choice.left", { round: count(number), chosen: this.#choice.words });
    this.#isLeaving = true;
    this.#choice.showAll();
    this.#isLeaving = false;
    this.#navigation.tell(words);
  }

  /** There may be more of what was chosen; who is at its end sees them. */
  async #chosenGrew() {
    const wasAtEnd = this.#rounds.isAtEnd;
    this.#rounds.chooseMore(this.#choice.numbers);
    if (wasAtEnd) await this.#rounds.later();
  }

  #read(number) {
    this.#rail.mark(number);
    this.#facts?.mark(number);
  }

  #roundsChanged() {
    const { current } = this.#navigation;
    if (current && this.#rounds.has(current)) this.#navigation.read(current);
    else this.#scrolled();
    this.#search.mark();
    this.#toolbar.openNew();
  }

  // -- a session that goes on ----------------------------------------------------------------------------------------

  /** The server says that there is another number of rounds, or nobody said anything for long. */
  async #update() {
    try {
      const wasAtEnd = this.#rounds.isAtEnd;
      const { data } = await ask("session", { id: this.#id });
      if (data.session.created_at !== this.#answer.session.created_at) {
        // It was deleted, and another one has begun under its name: of what is shown nothing is there any more.
        location.replace(location.pathname + location.search);
        return;
      }
      // A file that is just mended has fewer for a while.
      if (data.rounds >= this.#answer.rounds) this.#take(data);
      if (!hasColours(data.models.map(({ model }) => model))) loadColours(this.#id);
      const before = this.#rounds.total;
      if (wasAtEnd) await this.#rounds.later();
      this.#rounds.grown(data.rounds);
      this.#showAnswer();
      if (this.#rounds.total > before) this.#outlines.soon();
      if (this.#rounds.total > before) this.#insights.soon();
      if (this.#rounds.total > before) this.#following.came(this.#rounds.total - before);
      this.#feed.updated();
    } catch (error) {
      if (error.status === 404) this.#tellGone();
      else this.#feed.lost();
    }
  }

  /** The session was deleted meanwhile: what is shown can still be read, and nothing more comes. */
  #tellGone() {
    this.#feed.pause();
    this.#navigation.tellForGood(t("missing.gone"));
  }

  /** Copies a link that opens this round for whoever is given it: with the key of the session, if the server asks for one. */
  #copyLink(number, pressed) {
    const link = this.#answer?.link ?? location.pathname + location.search;
    copy(`${location.origin}${link}#r${number}`, pressed);
  }

  /** In the place of a session that cannot be shown: why. */
  #fail(error) {
    if (!this.#id || error.status === 404) showInstead(noSuchSession(this.#id));
    else if (error.status === 403) showInstead(notice("locked", t("locked.oneTitle"), el("p", {}, t("locked.other"))));
    else showInstead(failure(error, () => location.reload()));
  }
}

/** Which rounds are on paper, and where all of them are. */
function printed({ first, last, total, all }) {
  if (last - first + 1 > all.length) return t("printed.chosen", { rounds: count(all.length), total: count(total) });
  return first <= 1 && last === total ? null : t("printed.part", { first: count(first), last: count(last), total: count(total) });
}

function noSuchSession(id) {
  const home = el("a", { class: "primary", href: "./" }, t("missing.home"));
  return notice("empty", t("missing.title"), el("p", { class: "id", dir: "auto" }, oneLine(id)), el("p", {}, t("missing.why")), el("p", {}, home));
}

/** Grey bars until there is something to read. */
function showLoading() {
  fill(byId("head"), skeleton(2));
  fill(byId("rounds"), [1, 2].map(() => el("div", { class: "round" }, skeleton(7))));
  fill(byId("facts"), el("section", { class: "panel" }, skeleton(7)));
}

showLoading();
const id = addressParameters().get("id") ?? "";
// All is asked for at once; what fails is told where it is waited for.
const asked = { me: ask("me", { id }), session: ask("session", { id }), rounds: choiceInAddress() === ALL ? askRounds(id, roundInAddress() || null) : null };
Promise.allSettled(Object.values(asked));
loadColours(id);
await Promise.all([loadTexts(), loadFindingWords()]);
await new SessionPage(id).start(asked);
