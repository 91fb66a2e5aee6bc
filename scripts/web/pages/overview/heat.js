// When in the week is there most to do?

import { el, fill } from "../shared/dom.js";
import { approximateDollars, cost, count, weekdays } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { timeZone } from "../shared/text/zone.js";
import { view } from "./view.js";

const LEVELS = 5;

/** A table of days and hours; the more there was, the larger and darker a cell's square. */
export function showHeat(box, heat) {
  const { metric } = view();
  const isCost = metric === "cost";
  const value = (cell) => (isCost ? approximateDollars(cell.cost_usd) : cell.calls);
  const most = Math.max(...heat.flat().map(value), 0);
  const days = weekdays();
  const words = (cell) => `${t("calls", { count: cell.calls, calls: count(cell.calls) })}, ${cost(cell)}`;
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));
  fill(
    box,
    el("header", {}, el("h2", {}, t("heat.title"), el("small", {}, t(isCost ? "heat.cost" : "heat.calls", { zone: timeZone })))),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("heat.title") },
      el(
        "table",
        { class: "heat" },
        el("thead", {}, el("tr", {}, el("td", {}), hours.map((hour) => el("th", { scope: "col" }, hour)))),
        el(
          "tbody",
          {},
          heat.map((row, day) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, days[day]),
              row.map((cell, hour) =>
                el(
                  "td",
                  { class: `heat-${level(value(cell), most)}`, title: `${days[day]} ${hours[hour]}:00 · ${words(cell)}` },
                  el("span", { class: "hidden" }, cell.calls ? words(cell) : "0"),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

function level(value, most) {
  return value > 0 ? Math.max(1, Math.min(LEVELS, Math.ceil((value / most) * LEVELS))) : 0;
}
