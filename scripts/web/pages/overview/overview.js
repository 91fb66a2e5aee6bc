// The overview page: what was spent, on what, when, and in which sessions?

import { go, listen, ofSession } from "../shared/address.js";
import { tick } from "../shared/ago.js";
import { ask } from "../shared/api.js";
import { showCards } from "./cards.js";
import { colourOf } from "./colours.js";
import { byId, button, el, fill } from "../shared/dom.js";
import { Filters } from "./filters.js";
import { count, time } from "../shared/format.js";
import { showGroups } from "./groups.js";
import { showHeat } from "./heat.js";
import { showHits } from "./hits.js";
import { Live } from "../shared/updates.js";
import { announce, commands, failure, notice, skeleton } from "../shared/notices.js";
import { cutInMiddle, isolated } from "../shared/log_text.js";
import { showSessions, step, turn } from "./sessions.js";
import { nextTheme, showSettings } from "../shared/settings.js";
import { listenForKeys } from "../shared/shortcuts.js";
import { load as loadTexts, t } from "../shared/texts.js";
import { Timeline, barsOf } from "./timeline.js";
import { NO_FILTERS, PAGE, filtersOf, inRange, isFiltered, unitOf, view } from "./view.js";

const RANGE_TEXTS = { "24h": "range.before.24h", "7d": "range.before.7d", "30d": "range.before.30d", custom: "range.before.custom" };
const GAP = 2000;
const HITS = 10;

let filters = null;
let timeline = null;
let live = null;
let asked = null;
let isRedacted = false;

async function start() {
  document.title = t("brand");
  const keys = [
    ["/", t("keys.search"), () => filters?.focus()],
    ["j", t("keys.nextSession"), () => step(byId("sessions"), 1)],
    ["k", t("keys.formerSession"), () => step(byId("sessions"), -1)],
    ["]", t("keys.nextPage"), () => turn(byId("sessions"), 1)],
    ["[", t("keys.formerPage"), () => turn(byId("sessions"), -1)],
    ["p", t("keys.pause"), () => live?.toggle()],
    ["t", t("keys.theme"), nextTheme],
  ];
  showSettings(listenForKeys(keys));
  loading();
  let me = null;
  try {
    ({ data: me } = await ask("me"));
  } catch (error) {
    failed(error, () => location.reload());
    return;
  }
  if (me.scope === "session") {
    oneSessionOnly(me.session);
    return;
  }
  isRedacted = me.redacted;
  filters = new Filters(byId("filters"), { isRedacted });
  timeline = new Timeline(byId("timeline"));
  live = new Live(() => "/api/events", "change", changedThere);
  listen(() => refresh());
  await refresh();
  live.start();
  setInterval(() => tick(document), 10_000);
}

// -- asking -------------------------------------------------------------------------------------------------------------

let next = 0;
let last = 0;

/** The server says that something changed: we ask at most every few seconds. */
function changedThere() {
  clearTimeout(next);
  next = setTimeout(() => refresh({ quietly: true }), Math.max(0, last + GAP - Date.now()));
}

async function refresh({ quietly = false } = {}) {
  last = Date.now();
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const wanted = view();
  filters.show();
  byId("content").setAttribute("aria-busy", "true");
  const filtered = filtersOf(wanted);
  const order = { sort_by: wanted.sort, reverse: wanted.reverse ? 1 : 0, offset: wanted.offset, limit: PAGE };
  try {
    const [overview, sessions] = await Promise.all([
      // Words are looked for in ids and in what was said: they choose sessions and rounds, and no sums.
      ask("overview", { ...filtered, q: "", by: unitOf(wanted) }, signal),
      ask("sessions", { ...filtered, ...order }, signal),
    ]);
    show(overview, sessions.data, wanted);
    live.updated();
    search(wanted, filtered, signal);
    if (!quietly) announce(t("sessions.some", { meant: count(sessions.data.meant), total: count(sessions.data.total) }));
  } catch (error) {
    if (error.name === "AbortError") return;
    live.lost();
    // What is on the screen stays there when only an update failed.
    if (!quietly || !byId("sessions").childElementCount) failed(error, () => refresh());
  }
  byId("content").removeAttribute("aria-busy");
}

/** What was said is looked for beside: the first search of all takes its time. */
async function search({ q }, { q: _, ...filtered }, signal) {
  const box = byId("hits");
  box.hidden = !q || isRedacted;
  if (box.hidden) return;
  if (box.dataset.words !== q) fill(box, skeleton(3));
  box.dataset.words = q;
  try {
    const { data } = await ask("search", { ...filtered, q, limit: HITS }, signal);
    showHits(box, data);
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(box, failure(error, () => !signal.aborted && search({ q }, filtered, signal)));
  }
}

// -- showing --------------------------------------------------------------------------------------------------------------

function show({ data, coverage }, sessions, wanted) {
  if (!sessions.total) {
    nothingYet();
    return;
  }
  if (wanted.isUsualRange && !isFiltered(wanted) && !data.cards.now.calls) {
    // The first look at older logs should not be an empty page.
    go({ range: "all" }, { replace: true });
    return;
  }
  byId("filters").hidden = false;
  fill(byId("instead"));
  byId("content").hidden = false;
  filters.know(data.known);
  data.by_model.forEach((row) => colourOf(row.model));
  showAlerts(data.alerts);
  showCards(byId("cards"), data.cards, coverage, t(RANGE_TEXTS[wanted.range] ?? "range.before.custom"));
  if (!sessions.meant && !data.cards.now.calls) {
    nothingMeant(wanted, data);
    return;
  }
  for (const id of ["timeline", "sessions", "groups"]) byId(id).hidden = false;
  timeline.show(barsOf(data));
  if (sessions.meant) showTable(sessions);
  else showNothing(wanted, t(wanted.q ? "empty.noId" : "empty.none"));
  showGroups(data);
  showHeat(byId("heat"), data.heat);
  showCoverage(coverage);
}

/** The table anew; who was at a link or a button of it is there again. */
function showTable(sessions) {
  const box = byId("sessions");
  const pressable = () => [...box.querySelectorAll("a, button, select")];
  const at = pressable().indexOf(document.activeElement);
  showSessions(box, sessions, isRedacted);
  if (at >= 0) pressable()[at]?.focus({ preventScroll: true });
}

function showAlerts(alerts) {
  const told = alerts.map(alertInWords);
  fill(byId("alerts"), told.length ? el("ul", { class: "alerts", "aria-label": t("alerts.title") }, told.map((words) => el("li", {}, el("span", { class: "badge" }, "!"), words))) : null);
}

const ALERT_TEXTS = {
  unpriced: "alerts.unpriced",
  damaged: "alerts.damaged",
  lost: "alerts.lost",
  cut: "alerts.cut",
  torn: "alerts.torn",
  without_tokens: "alerts.withoutTokens",
  without_session_id: "alerts.withoutId",
  prices: "alerts.prices",
};
const NAMED = 3;

function alertInWords({ code, count: number, names }) {
  const shown = names.slice(0, NAMED).map(isolated).join(", ") + (names.length > NAMED ? ", …" : "");
  return t(ALERT_TEXTS[code] ?? "alerts.other", { count: number, number: count(number), names: shown, code });
}

function showCoverage(coverage) {
  const box = byId("coverage");
  if (!coverage) {
    fill(box, t("coverage.unknown"));
    return;
  }
  const passed = Object.values(coverage.passed_over ?? {}).reduce((sum, each) => sum + each, 0);
  const parts = [
    t("coverage.lines", { count: coverage.lines, lines: count(coverage.lines) }),
    t("calls", { count: coverage.calls, calls: count(coverage.calls) }),
    passed ? t("coverage.passed", { count: passed, lines: count(passed) }) : t("coverage.nonePassed"),
    coverage.content_cut ? t("coverage.cut", { count: coverage.content_cut, calls: count(coverage.content_cut) }) : null,
    coverage.lost_bytes ? t("coverage.lost", { bytes: count(coverage.lost_bytes) }) : null,
  ];
  fill(box, el("b", {}, t("coverage.title")), " ", parts.filter(Boolean).join(" · "));
}

// -- instead of it ----------------------------------------------------------------------------------------------------------

function loading() {
  fill(byId("cards"), Array.from({ length: 6 }, () => el("article", { class: "card" }, skeleton(3))));
  fill(byId("timeline"), el("div", { class: "chart" }, skeleton(6)));
  fill(byId("sessions"), skeleton(12));
}

function instead(...content) {
  byId("content").hidden = true;
  fill(byId("instead"), content);
}

function failed(error, again) {
  if (error.code === "no_data") {
    nothingYet();
    setTimeout(again, error.wait ?? GAP);
    return;
  }
  if (error.code === "one_session_only") oneSessionOnly(null);
  else instead(failure(error, again));
}

function oneSessionOnly(id) {
  byId("filters").hidden = true;
  instead(
    notice(
      "locked",
      t("locked.oneTitle"),
      el("p", {}, t("locked.one")),
      id ? el("p", {}, el("a", { class: "primary", href: ofSession(id) }, t("locked.open", { id: cutInMiddle(id, 40) }))) : null,
    ),
  );
}

function nothingYet() {
  byId("filters").hidden = true;
  instead(
    notice(
      "empty",
      t("empty.title"),
      el("p", {}, t("empty.run")),
      commands("python3 main.py --log-path /var/log/higress/access.log", "python3 scripts/cli.py doctor --log-path /var/log/higress/access.log"),
      el("p", {}, t("empty.sample")),
      commands("python3 main.py --once --log-path tests/data/sample/access.log"),
      el("p", { class: "foot" }, t("empty.waits")),
    ),
  );
}

function nothingMeant(wanted, data) {
  for (const id of ["timeline", "groups"]) byId(id).hidden = true;
  showNothing(wanted, data.updated_at ? t("empty.newest", { time: time(data.updated_at) }) : t("empty.none"));
}

/** In the place of the sessions: why there are none, and what brings some back. */
function showNothing(wanted, why) {
  const all = wanted.range === "all" ? null : button({ class: "primary" }, () => go(inRange("all")), t("empty.allTime"));
  const clear = isFiltered(wanted) ? button({ class: "primary" }, () => go(NO_FILTERS), t("filters.clear")) : null;
  fill(byId("sessions"), notice("empty", t("empty.noneTitle"), el("p", {}, why), el("p", { class: "row" }, clear, all)));
}

await loadTexts();
await start();
