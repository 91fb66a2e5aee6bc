// What goes wrong in the sessions that are shown? A link to the page of findings above them, and a sign at each session's row.

import { el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { ask } from "../shared/net/api.js";
import { insightsAddress } from "../shared/net/home.js";
import { severityName } from "../shared/text/alert_words.js";
import { count, money } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";

const GRAVE = ["critical", "warning"];
const TEXTS = { critical: "findings.critical", warning: "findings.warnings", info: "findings.notices" };

let kept = null;

/** Asks for them, and shows them in the `box` of the sessions. What takes long comes later, what fails is left out; what was there before stands there until then. */
export async function showFindings(box, filters, ids, signal) {
  if (kept) show(box, kept);
  let all, shown;
  try {
    // One after the other: the first of all has sessions judged, for which no second one should wait at the server, too.
    const of = (more) => ask("insights", { ...filters, ...more, limit: 1 }, signal);
    ({ data: all } = await of({}));
    ({ data: shown } = ids.length ? await of({ session: ids, severity: GRAVE }) : { data: {} });
  } catch (error) {
    if (error.wait > 0 && !signal.aborted) setTimeout(() => !signal.aborted && showFindings(box, filters, ids, signal), error.wait);
    return;
  }
  if (signal.aborted) return;
  kept = { all, shown, filters };
  show(box, kept);
}

function show(box, { all, shown, filters }) {
  const line = box.querySelector("#findings");
  if (line) fill(line, all.total ? inWords(all, filters) : null);
  for (const place of box.querySelectorAll(".found-in")) fill(place, sign(shown.by_session?.[place.dataset.session] ?? {}));
}

function inWords({ by_severity: by, cost_usd: usd }, { model, consumer, gateway }) {
  const graves = Object.keys(TEXTS).filter((severity) => by[severity]);
  return el(
    "a",
    { class: "findings-line", href: insightsAddress({ model, consumer, gateway }), title: usd ? `${t("findings.sum", { money: money(usd) })}. ${t("findings.sumNote")}` : null },
    el("span", { class: "hidden" }, t("findings.title"), ": "),
    graves.map((severity) => el("span", { class: `severity ${severity}` }, icon(severity), t(TEXTS[severity], { count: by[severity], number: count(by[severity]) }))),
  );
}

/** How many warnings and graver ones a session has; nothing where it has none. */
function sign(by) {
  const graves = GRAVE.filter((severity) => by[severity]);
  if (!graves.length) return null;
  const words = graves.map((severity) => t(TEXTS[severity], { count: by[severity], number: count(by[severity]) })).join(", ");
  const all = graves.reduce((sum, severity) => sum + by[severity], 0);
  return el("span", { class: `severity ${graves[0]}`, title: `${t("findings.title")}: ${words}` }, icon(graves[0]), el("span", { "aria-hidden": "true" }, count(all)), el("span", { class: "hidden" }, `${severityName(graves[0])}: ${words}`));
}
