// How many alerts fire? Every page says so: at its link to the alerts, in the tab's title, and to those who do not see the screen.

import { byId, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { sessionAddress } from "../net/address.js";
import { ask } from "../net/api.js";
import { onAlertEvents } from "../net/updates.js";
import { alertText, alertTitle, severityName } from "../text/alert_words.js";
import { count } from "../text/format.js";
import { cutInMiddle } from "../text/log_text.js";
import { t } from "../text/texts.js";
import { isAnyWanted, newOf, tell, unlockAtFirstPress } from "./telling.js";

const POLL_AFTER = 30_000;
const listeners = [];
let shownIds = null;
let ownTitle = null;

/** Calls back with the alerts that fire and are not silent, the gravest first, whenever they were asked for. */
export function onFiring(listener) {
  listeners.push(listener);
}

/** Begins to ask for them, and to say what is new. */
export async function watchFiring() {
  const said = el("div", { class: "hidden", id: "firing-said", role: "status", "aria-live": "polite" });
  document.body.append(said);
  unlockAtFirstPress();
  new MutationObserver(showInTitle).observe(document.head.querySelector("title"), { childList: true });
  const look = () => (!document.hidden || isAnyWanted()) && refresh(said);
  onAlertEvents(look);
  document.addEventListener("visibilitychange", look);
  setInterval(look, POLL_AFTER);
  await refresh(said);
}

async function refresh(said) {
  let firing;
  try {
    const { data } = await ask("alerts", { part: "firing" });
    firing = data.firing.filter((alert) => !alert.silent);
  } catch {
    return; // the page itself says that nobody answers; what is shown stays
  }
  const news = newOf(firing.map((alert) => alert.id));
  const isNewHere = (alert) => (shownIds === null ? news.includes(alert.id) : !shownIds.includes(alert.id));
  const fresh = firing.filter(isNewHere);
  shownIds = firing.map((alert) => alert.id);
  showCount(firing);
  showInTitle();
  if (fresh.length) fill(said, t("firing.new", { count: fresh.length, number: count(fresh.length), alerts: fresh.map((alert) => `${severityName(alert.severity)}: ${alertTitle(alert)}`).join("; ") }));
  tell(firing.filter((alert) => news.includes(alert.id)));
  listeners.forEach((listener) => listener(firing));
}

function showCount(firing) {
  const box = byId("firing-count");
  box.hidden = !firing.length;
  if (!firing.length) return;
  box.className = `firing-count ${firing[0].severity}`;
  const words = t("firing.count", { count: firing.length, number: count(firing.length) });
  fill(box, el("span", { "aria-hidden": "true" }, count(firing.length)), el("span", { class: "hidden" }, words));
}

/** The number before the title that the page gave itself. */
function showInTitle() {
  const number = shownIds?.length ?? 0;
  if (ownTitle === null || document.title !== ownTitle.shown) ownTitle = { words: document.title, shown: null };
  const wanted = number ? `(${count(number)}) ${ownTitle.words}` : ownTitle.words;
  ownTitle.shown = wanted;
  if (document.title !== wanted) document.title = wanted;
}

/** A severity: its drawing and its word, in its colour. */
export function severityMark(severity, words = severityName(severity)) {
  return el("span", { class: `severity ${severity}` }, icon(severity), words);
}

/** An alert in words, with a link to the session that it is of. */
export function alertWords(alert) {
  const text = alertText(alert);
  return el(
    "span",
    { class: "words" },
    el("b", { dir: "auto" }, alertTitle(alert)),
    text ? [t("firing.colon"), el("span", { dir: "auto" }, text)] : null,
    alert.session ? [" ", el("a", { class: "id", href: sessionAddress(alert.session) }, el("bdi", {}, cutInMiddle(alert.session, 40)))] : null,
  );
}
