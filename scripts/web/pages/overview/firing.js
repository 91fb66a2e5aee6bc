// What fires just now? The gravest on one line above the figures, and all at a press.

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { count } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { alertWords, severityMark } from "../shared/ui/firing.js";

let isUnfolded = false;

/** Shows the alerts that fire, the gravest first; nothing where none does. */
export function showFiring(box, firing) {
  const pressable = () => [...box.querySelectorAll("a, button")];
  const focused = pressable().indexOf(document.activeElement);
  const rows = firing.map((alert) => el("li", { class: alert.severity }, severityMark(alert.severity), alertWords(alert)));
  rows.slice(1).forEach((row) => { row.hidden = !isUnfolded; });
  rows[0]?.append(rows.length > 1 ? toggle(box, firing) : el("a", { class: "more", href: "alerts" }, t("firing.all")));
  if (rows.length > 1 && isUnfolded) rows.at(-1).append(el("a", { class: "more", href: "alerts" }, t("firing.all")));
  fill(box, rows.length ? el("ul", { class: "firing", "aria-label": t("firing.now") }, rows) : null);
  if (focused >= 0) pressable()[focused]?.focus({ preventScroll: true });
}

function toggle(box, firing) {
  const press = () => {
    isUnfolded = !isUnfolded;
    showFiring(box, firing);
    box.querySelector("button").focus();
  };
  return button({ class: "quiet", "aria-expanded": String(isUnfolded) }, press, t("firing.some", { count: firing.length, number: count(firing.length) }), icon(isUnfolded ? "up" : "down"));
}
