// The page of insights: what goes wrong in sessions, why do they cost that, and how quickly are calls answered?

import { byId, el, fill } from "../shared/dom.js";
import { onAddressChange } from "../shared/net/address.js";
import { apiAddress, ask, askEarly } from "../shared/net/api.js";
import { keepSpan } from "../shared/net/home.js";
import { keepScroll, restoreScroll } from "../shared/net/scrolling.js";
import { Throttle, UpdateFeed } from "../shared/net/updates.js";
import { updateTimesAgo } from "../shared/text/ago.js";
import { loadFindingWords } from "../shared/findings/words.js";
import { count } from "../shared/text/format.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { loadColours } from "../shared/ui/colours.js";
import { watchFiring } from "../shared/ui/firing.js";
import { announce, failure, showInstead, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";
import { showBar } from "./bar.js";
import { showGrowth } from "./growth.js";
import { showKinds } from "./kinds.js";
import { showFindings, stepFinding } from "./list.js";
import { showQuickness } from "./quickness.js";
import { filtersOf, growthOf, isChosen, questionOf, view } from "./view.js";

const UPDATE_GAP = 5000;
const MOST_NAMES = 50;

let asking = new AbortController();
let known = { models: [], consumers: [] };
let feed = null;
const updates = new Throttle(UPDATE_GAP, (options) => refresh(options));

/** Asks for what the address says, and shows it; quietly where the reader did nothing. */
async function refresh({ isQuiet = false } = {}) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const wanted = view();
  keepSpan();
  keepFocus(() => showBar(byId("bar"), wanted, known));
  byId("content").setAttribute("aria-busy", "true");
  const others = [
    part("growth", "drivers", growthOf(wanted), signal, (box, data) => showGrowth(box, data, wanted)),
    part("quickness", "latency", { ...filtersOf(wanted), by: wanted.by }, signal, (box, data) => showQuickness(box, data, wanted)),
  ];
  try {
    const all = isChosen(wanted) ? ask("insights", questionOf(wanted, true), signal) : null;
    const [{ data: me }, { data: found }] = await Promise.all([ask("me", {}, signal), ask("insights", questionOf(wanted), signal), loadColours()]);
    const { data: ofAll } = all ? await all : { data: found };
    fill(byId("instead"));
    byId("content").hidden = false;
    keepFocus(() => {
      showFindings(byId("found"), found, wanted, me.redacted);
      showKinds(byId("by-kind"), ofAll, wanted);
    });
    await Promise.all(others);
    restoreScroll();
    feed.updated();
    if (!isQuiet) announce(t("findings.some", { count: found.total, number: count(found.total) }));
  } catch (error) {
    if (error.name === "AbortError") return;
    feed.lost();
    // What is on the screen stays there when only an update failed.
    if (!isQuiet || !byId("found").querySelector("header")) showInstead(failure(error, () => updates.now(), { waiting: t("findings.waiting") }));
  }
  byId("content").removeAttribute("aria-busy");
}

/** A panel that comes by itself: what fails is told in it, and the rest of the page stays. */
async function part(id, path, question, signal, show) {
  const box = byId(id);
  try {
    const [{ data }] = await Promise.all([ask(path, question, signal), loadColours()]);
    keepFocus(() => show(box, data));
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(box, failure(error, () => !signal.aborted && part(id, path, question, signal, show)));
  }
}

/** Whoever is at one of the controls is at the same one of those that come in their place. */
function keepFocus(change) {
  const { id } = document.activeElement ?? {};
  change();
  if (id && document.activeElement?.id !== id) byId(id)?.focus({ preventScroll: true });
}

/** Models and consumers to choose from; without them the page does as well. */
async function loadNames() {
  try {
    const { data } = await ask("names", { limit: MOST_NAMES });
    known = data;
    keepFocus(() => showBar(byId("bar"), view(), known));
  } catch {
    return;
  }
}

askEarly("me");
askEarly("colours");
askEarly("insights", questionOf(view()));
await Promise.all([loadTexts(), loadFindingWords()]);
document.title = `${t("nav.insights")} · ${t("brand")}`;
showBar(byId("bar"), view(), known);
fill(byId("found"), skeleton(10));
for (const id of ["growth", "quickness"]) fill(byId(id), el("div", {}, skeleton(5)));
const step = (by) => () => stepFinding(byId("found"), by);
showSettings(listenForKeys([["j", t("keys.nextFinding"), step(1)], ["k", t("keys.formerFinding"), step(-1)], ["p", t("keys.pause"), () => feed?.toggle()], ["t", t("keys.theme"), nextTheme]]));
feed = new UpdateFeed(() => apiAddress("events"), "change", () => updates.soon({ isQuiet: true }));
keepScroll();
onAddressChange(() => updates.now());
watchFiring();
await updates.now();
feed.start();
loadNames();
setInterval(() => updateTimesAgo(document), 10_000);
