// How many findings of each kind are there, and what do they come to? A press on one shows these alone.

import { button, el, fill } from "../shared/dom.js";
import { go } from "../shared/net/address.js";
import { severityName } from "../shared/text/alert_words.js";
import { GROUPS_OF_KINDS, SEVERITIES, groupName, kindName, kindsOf } from "../shared/findings/words.js";
import { approximateDollars, count, money } from "../shared/text/format.js";
import { t } from "../shared/text/texts.js";
import { meter } from "../shared/ui/charts.js";

/** The table of kinds, by their groups, from the answer that is of all kinds. */
export function showKinds(box, { by_kind: by, cost_by_kind_usd: costs }, wanted) {
  const most = Math.max(...Object.values(costs).map(approximateDollars), 1e-12);
  const groups = GROUPS_OF_KINDS.map((group) => [group, kindsOf(group).filter((kind) => by[kind])]).filter(([, kinds]) => kinds.length);
  const head = ["findings.kind", "findings.number", "column.cost"];
  box.hidden = !groups.length;
  fill(
    box,
    el("header", {}, el("h2", {}, t("findings.byKind"))),
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, head.map((key, at) => el("th", { scope: "col", class: at ? "number" : null }, t(key))))),
      groups.map(([group, kinds]) =>
        el("tbody", {}, el("tr", { class: "group-of" }, el("th", { scope: "rowgroup", colspan: 3 }, groupName(group))), kinds.map((kind) => row(kind, by[kind], costs[kind], most, wanted))),
      ),
    ),
  );
}

function row(kind, by, usd, most, wanted) {
  const isChosen = wanted.kind === kind;
  const press = () => go({ kind: isChosen ? null : kind, group: null, offset: null });
  const all = Object.values(by).reduce((sum, number) => sum + number, 0);
  const graves = SEVERITIES.filter((severity) => by[severity]).map((severity) => `${severityName(severity)} ${count(by[severity])}`);
  const worst = SEVERITIES.find((severity) => by[severity]);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, button({ class: "name", "aria-pressed": String(isChosen), id: `kind-${kind}` }, press, kindName(kind))),
    el("td", { class: `number ${worst}`, title: graves.join(" · ") }, count(all), el("span", { class: "hidden" }, ` (${graves.join(", ")})`)),
    el("td", { class: "number" }, approximateDollars(usd) ? [money(usd), meter(approximateDollars(usd) / most)] : "–"),
  );
}
