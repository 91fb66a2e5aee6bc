// Who is told, and what became of the last that were?

import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { alertTitle } from "../shared/text/alert_words.js";
import { count, time } from "../shared/text/format.js";
import { isolated, oneLine } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { commands } from "../shared/ui/notices.js";
import { heading, none } from "./parts.js";

const OUTCOMES = { delivered: ["over", "tick"], waits: ["warning", "clock"], failed: ["critical", "close"], dropped: ["critical", "close"] };
const OUTCOME_TEXTS = { delivered: "delivery.delivered", waits: "delivery.waits", failed: "delivery.failed", dropped: "delivery.dropped" };

/** The targets, without their secrets. */
export function targetsPanel({ targets }) {
  const row = ({ name, kind, where }) => el("li", {}, el("span", {}, el("b", {}, name), " ", el("small", {}, kind)), el("span", { class: "where", dir: "auto" }, oneLine(where)));
  const add = "python3 scripts/cli.py alerts target add phone ntfy topic=env:NTFY_TOPIC";
  return [
    heading("targets", t("delivery.targets")),
    targets.length ? el("ul", { class: "pairs" }, targets.map(row)) : [none(t("delivery.noTargets")), commands(add, "python3 scripts/cli.py alerts test phone")],
  ];
}

/** What waits, and the last of those that do not any more. */
export function deliveriesPanel({ deliveries, waiting }) {
  return [
    heading("deliveries", t("delivery.title"), waiting ? t("delivery.waiting", { count: waiting, number: count(waiting) }) : null),
    deliveries.length ? el("ul", { class: "told-list" }, deliveries.map(row)) : none(t("delivery.none")),
  ];
}

function row(entry) {
  const [severity, drawing] = OUTCOMES[entry.outcome];
  const title = alertTitle(entry);
  // A title that is told as it came says so itself.
  const isOver = entry.state === "resolved" && title !== oneLine(entry.title);
  const words = [
    time(entry.at),
    t("delivery.to", { target: isolated(entry.target) }),
    entry.tries > 1 ? t("delivery.tries", { count: entry.tries, number: count(entry.tries) }) : null,
    entry.next_try ? t("delivery.again", { time: time(entry.next_try) }) : null,
  ];
  return el(
    "li",
    {},
    el("span", { class: `severity ${severity}` }, icon(drawing), t(OUTCOME_TEXTS[entry.outcome])),
    el(
      "span",
      { class: "what" },
      el("span", { class: "words", dir: "auto" }, isOver ? t("delivery.resolved", { title }) : title),
      el("small", {}, words.filter(Boolean).join(" · ")),
      entry.reason ? el("small", { class: "reason", dir: "auto" }, oneLine(entry.reason)) : null,
    ),
  );
}
