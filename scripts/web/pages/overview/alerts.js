// What should somebody look into?

import { el, fill } from "../shared/dom.js";
import { count } from "../shared/text/format.js";
import { isolated } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";

const ALERT_TEXTS = {
  unpriced: "alerts.unpriced",
  damaged: "alerts.damaged",
  lost: "alerts.lost",
  lost_calls: "alerts.lostCalls",
  cut: "alerts.cut",
  left_out: "alerts.leftOut",
  torn: "alerts.torn",
  without_tokens: "alerts.withoutTokens",
  without_session_id: "alerts.withoutId",
  skipped_calls: "alerts.skippedCalls",
  prices: "alerts.prices",
};
/** What the page of what the totals cover tells more of. */
const OF_LOG = ["lost", "lost_calls", "cut", "left_out", "torn", "without_session_id", "without_tokens", "skipped_calls", "damaged"];
const MOST_NAMES = 3;

/** Shows the alerts of the server's answer, where there are some. */
export function showAlerts(box, alerts) {
  const rows = alerts.map((alert) => el("li", {}, el("span", { class: "badge" }, "!"), inWords(alert)));
  fill(box, rows.length ? el("ul", { class: "alerts", "aria-label": t("alerts.title") }, rows) : null);
}

/** The words of an alert, as a link to the page that tells more. */
function inWords({ code, count: number, names }) {
  const shown = names.slice(0, MOST_NAMES).map(isolated).join(", ") + (names.length > MOST_NAMES ? ", …" : "");
  const words = t(ALERT_TEXTS[code] ?? "alerts.other", { count: number, number: count(number), names: shown, code });
  if (code === "unpriced" || code === "prices") return el("a", { href: "prices" }, words);
  return OF_LOG.includes(code) ? el("a", { href: "coverage" }, words) : words;
}
