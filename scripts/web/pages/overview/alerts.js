// What should somebody look into?

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
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

/** The worst first: what the figures lack and cannot have any more, then what is wrong in them, then what is less known. */
const BY_WEIGHT = ["no_folder", "prices", "damaged", "lost", "lost_calls", "skipped_calls", "unpriced", "torn", "cut", "left_out", "without_tokens", "without_session_id"];
let isUnfolded = false;

/** Shows the alerts of the server's answer, where there are some: the worst on one line, and at a press all. */
export function showAlerts(box, alerts) {
  const weight = ({ code }) => (BY_WEIGHT.includes(code) ? BY_WEIGHT.indexOf(code) : BY_WEIGHT.length);
  const rows = [...alerts].sort((one, other) => weight(one) - weight(other)).map((alert) => el("li", {}, el("span", { class: "badge" }, "!"), el("span", { class: "words" }, inWords(alert))));
  rows.slice(1).forEach((row) => { row.hidden = !isUnfolded; });
  if (rows.length > 1) rows[0].append(toggle(box, alerts));
  fill(box, rows.length ? el("ul", { class: "alerts", "aria-label": t("alerts.title") }, rows) : null);
}

function toggle(box, alerts) {
  const press = () => {
    isUnfolded = !isUnfolded;
    showAlerts(box, alerts);
    box.querySelector("button").focus();
  };
  return button({ class: "quiet", "aria-expanded": String(isUnfolded) }, press, t("alerts.number", { count: alerts.length, number: count(alerts.length) }), icon(isUnfolded ? "up" : "down"));
}

/** The words of an alert, as a link to the page that tells more. */
function inWords({ code, count: number, names }) {
  const shown = names.slice(0, MOST_NAMES).map(isolated).join(", ") + (names.length > MOST_NAMES ? ", …" : "");
  const words = t(ALERT_TEXTS[code] ?? "alerts.other", { count: number, number: count(number), names: shown, code });
  if (code === "unpriced" || code === "prices") return el("a", { href: "prices" }, words);
  return OF_LOG.includes(code) ? el("a", { href: "coverage" }, words) : words;
}
