// What do the totals speak for, what lacks, and what can be done about it?

import { byId, el, fill } from "../shared/dom.js";
import { ask, askEarly } from "../shared/net/api.js";
import { compact, count } from "../shared/text/format.js";
import { isolated } from "../shared/text/log_text.js";
import { loadTexts, t } from "../shared/text/texts.js";
import { watchFiring } from "../shared/ui/firing.js";
import { failure, showInstead, skeleton } from "../shared/ui/notices.js";
import { showSettings } from "../shared/ui/settings.js";
import { listenForKeys } from "../shared/ui/shortcuts.js";
import { nextTheme } from "../shared/ui/theme.js";

const BROKEN = ["not_json", "cut_off", "empty", "nul_bytes", "too_long", "too_complex"];

/** What may lack: how much of it there is, how it is said, what to do, and where it is looked at. */
function lacks({ total, damaged }, coverage) {
  const passed = coverage?.passed_over ?? {};
  const broken = BROKEN.reduce((sum, reason) => sum + (passed[reason] ?? 0), 0);
  const calls = (passed.skipped_calls ?? 0) + (passed.recorded_elsewhere ?? 0);
  const other = Object.values(passed).reduce((sum, lines) => sum + lines, 0) - broken - calls;
  return {
    calls: [
      [total.unpriced_rounds, "covered.unpriced", "covered.unpriced.todo", "prices"],
      [total.without_tokens, "covered.withoutTokens", "covered.withoutTokens.todo"],
      [total.at_least, "covered.atLeast", "covered.atLeast.todo"],
      [total.assumed_rounds, "covered.assumed", "covered.assumed.todo", "prices"],
      [total.failed, "covered.failed", "covered.failed.todo", "./?range=all&outcome=failed"],
      [total.left, "covered.left", "covered.left.todo", "./?range=all&outcome=left"],
      [coverage?.cut_short, "covered.cutShort", "covered.cutShort.todo"],
      [coverage?.by_gateway, "covered.byGateway", "covered.byGateway.todo"],
      [coverage?.without_session_id, "covered.withoutId", "covered.withoutId.todo"],
      [coverage?.session_from_conversation, "covered.inferred", "covered.inferred.todo"],
      [coverage?.undated, "covered.undated", "covered.undated.todo"],
      [coverage?.content_cut, "covered.cut", "covered.cut.todo"],
      [coverage?.content_left_out, "covered.leftOut", "covered.leftOut.todo"],
      [coverage?.torn, "covered.torn", "covered.torn.todo"],
    ],
    lines: [
      [passed.skipped_calls, "covered.skipped", "covered.skipped.todo"],
      [broken, "covered.broken", "covered.broken.todo"],
      [passed.recorded_elsewhere, "covered.elsewhere", "covered.elsewhere.todo"],
      [other, "covered.other", "covered.other.todo"],
      [coverage?.lost_bytes, "covered.lostBytes", "covered.lostBytes.todo"],
      [coverage?.unknown_gaps, "covered.gaps", "covered.lostBytes.todo"],
      [coverage?.lost_calls, "covered.lostCalls", "covered.lostCalls.todo"],
      [damaged, "covered.damaged", "covered.damaged.todo"],
    ],
  };
}

async function refresh() {
  try {
    const { data, coverage } = await ask("coverage");
    fill(byId("instead"));
    byId("content").hidden = false;
    show(data, coverage);
  } catch (error) {
    showInstead(failure(error, refresh));
  }
}

function show(data, coverage) {
  const { calls, lines } = lacks(data, coverage);
  const panel = (title, ...inside) => el("section", { class: "panel" }, el("header", {}, el("h2", {}, t(title))), inside);
  fill(
    byId("content"),
    panel("covered.whole", coverage ? whole(data, coverage) : el("p", { class: "nothing" }, t("coverage.unknown"))),
    panel("covered.ofCalls", list(calls)),
    panel("covered.ofLines", list(lines), data.damaged_names.length ? el("p", { class: "nothing" }, data.damaged_names.map(isolated).join(", ")) : null),
  );
}

function whole({ total }, coverage) {
  const passed = Object.values(coverage.passed_over ?? {}).reduce((sum, lines) => sum + lines, 0);
  const figures = [
    ["covered.lines", count(coverage.lines)],
    ["covered.calls", count(coverage.calls)],
    ["covered.passed", count(passed)],
    ["covered.bytes", compact(coverage.bytes)],
    ["covered.kept", count(total.calls)],
    ["column.sessions", count(total.sessions)],
  ];
  return el("dl", { class: "whole" }, figures.map(([words, figure]) => el("div", {}, el("dt", {}, t(words)), el("dd", {}, figure))));
}

function list(rows) {
  const there = rows.filter(([number]) => number);
  if (!there.length) return el("p", { class: "nothing" }, t("covered.nothing"));
  const row = ([number, words, todo, href]) =>
    el("li", {}, el("b", {}, count(number)), href ? el("a", { href }, t(words)) : el("span", {}, t(words)), el("p", {}, t(todo)));
  return el("ul", { class: "lacks" }, there.map(row));
}

askEarly("coverage");
await loadTexts();
document.title = `${t("covered.title")} · ${t("brand")}`;
fill(byId("content"), el("section", { class: "panel" }, skeleton(8)));
showSettings(listenForKeys([["t", t("keys.theme"), nextTheme]]));
watchFiring();
await refresh();
