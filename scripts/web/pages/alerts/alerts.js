// The page of alerts: what fires, how the budgets stand, what was told and to whom, and what is looked for?

import { byId, el, fill } from "../shared/dom.js";
import { apiAddress, ask, askEarly } from "../shared/net/api.js";
import { Throttle, UpdateFeed, onAlertEvents } from "../shared/net/updates.js";
import { updateTimesAgo } from "../shared/text/ago.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { onFiring, watchFiring } from "../shared/ui/firing.js";
import { failure, showInstead, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";
import { showBrowser } from "./browser.js";
import { budgetsPanel } from "./budgets.js";
import { deliveriesPanel, targetsPanel } from "./delivery.js";
import { rulesPanel } from "./rules.js";
import { firingPanel, historyPanel } from "./told.js";

const UPDATE_GAP = 2000;
const HISTORY = 50;
const MOST_HISTORY = 10_000;
let limit = HISTORY;

const updates = new Throttle(UPDATE_GAP, refresh);

async function refresh() {
  try {
    const [{ data: alerts }, { data: budgets }] = await Promise.all([ask("alerts", { limit }), ask("budgets")]);
    fill(byId("instead"));
    byId("content").hidden = false;
    keepFocus(() => show(alerts, budgets));
    feed.updated();
  } catch (error) {
    feed.lost();
    // What is on the screen stays there when only an update failed.
    if (!byId("firing-now").dataset.isShown) showInstead(failure(error, () => updates.now()));
  }
}

function show(alerts, budgets) {
  const problems = [...alerts.problems, budgets.problem].filter(Boolean);
  fill(byId("problems"), problems.map((problem) => el("p", { class: "lacking", dir: "auto" }, t("firing.problem", { problem }))));
  fill(byId("firing-now"), firingPanel(alerts));
  byId("firing-now").dataset.isShown = "true";
  fill(byId("budgets"), budgetsPanel(budgets));
  fill(byId("history"), historyPanel(alerts, onMore));
  fill(byId("rules"), rulesPanel(alerts));
  fill(byId("targets"), targetsPanel(alerts));
  fill(byId("deliveries"), deliveriesPanel(alerts));
}

function onMore() {
  limit = MOST_HISTORY;
  updates.now();
}

/** Who was at a link or a button is at the same one of its panel again. */
function keepFocus(change) {
  const panel = document.activeElement?.closest?.("#content section");
  const pressable = () => [...panel.querySelectorAll("a, button, [tabindex]")];
  const at = panel ? pressable().indexOf(document.activeElement) : -1;
  change();
  if (at >= 0 && !panel.contains(document.activeElement)) pressable()[at]?.focus({ preventScroll: true });
}

/** The panels, which stay while what is in them changes. */
function frame() {
  const panel = (id, lines) => el("section", { class: "panel", id, "aria-labelledby": `${id}-title` }, skeleton(lines));
  fill(
    byId("content"),
    el("div", { id: "problems" }),
    panel("firing-now", 3),
    panel("budgets", 6),
    panel("history", 4),
    panel("rules", 6),
    el("div", { class: "beside" }, panel("targets", 2), panel("browser", 2)),
    panel("deliveries", 4),
  );
}

askEarly("alerts", { limit });
askEarly("budgets");
await loadTexts();
document.title = `${t("nav.alerts")} · ${t("brand")}`;
frame();
const feed = new UpdateFeed(() => apiAddress("events"), "change", () => updates.soon());
showSettings(listenForKeys([["p", t("keys.pause"), () => feed.toggle()], ["t", t("keys.theme"), nextTheme]]));
showBrowser(byId("browser"));
await updates.now();
onAlertEvents(() => !document.hidden && updates.soon());
let firing = null;
onFiring((alerts) => {
  const ids = alerts.map((alert) => alert.id).join("\n");
  if (firing !== null && firing !== ids) updates.soon();
  firing = ids;
});
feed.start();
setInterval(() => updateTimesAgo(document), 10_000);
await watchFiring();
