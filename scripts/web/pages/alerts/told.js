// What fires now, and what was told in the last days?

import { button, el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { timeAgo } from "../shared/text/ago.js";
import { count, time } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { alertWords, severityMark } from "../shared/ui/firing.js";
import { heading, none } from "./parts.js";

/** What fires, the gravest first, also what is silent. */
export function firingPanel({ firing, looked_at: looked }) {
  const row = (alert) =>
    el("li", { class: alert.severity }, severityMark(alert.severity), el("span", { class: "what" }, alertWords(alert), el("small", {}, since(alert))));
  return [
    heading("firing-now", t("firing.now"), looked ? [t("firing.looked"), " ", timeAgo(looked)] : null),
    firing.length
      ? el("ul", { class: "told-list" }, firing.map(row))
      : el("p", { class: "quiet-now" }, el("span", { class: looked ? "severity over" : "severity none" }, icon(looked ? "tick" : "clock"), t(looked ? "firing.nothing" : "firing.notLooked"))),
    looked ? null : el("p", { class: "dim" }, t("firing.whenLooked")),
  ];
}

/** Since when, which consumer or model, and whether it is silent. */
function since(alert) {
  const words = [t("firing.since", { time: time(alert.since) })];
  if (alert.consumer) words.push(t("firing.consumer", { name: alert.consumer }));
  if (alert.silent) words.push(t("firing.silent"));
  return words.join(" · ");
}

/** All that was told, the latest first; `onMore` asks for those that are left out. */
export function historyPanel({ history, told }, onMore) {
  const row = (alert) =>
    el(
      "li",
      { class: alert.over ? "is-over" : alert.severity },
      severityMark(alert.severity),
      el("span", { class: "what" }, alertWords(alert), el("small", {}, t("firing.since", { time: time(alert.since) }), " · ", alert.over ? t("firing.over", { time: time(alert.over) }) : el("b", {}, t("firing.still")))),
    );
  const left = told - history.length;
  return [
    heading("history", t("firing.history"), t("firing.historyOf")),
    history.length ? el("ul", { class: "told-list" }, history.map(row)) : none(t("firing.noHistory")),
    left > 0 ? button({ class: "quiet all" }, onMore, t("groups.more", { count: left, rows: count(left) })) : null,
  ];
}
