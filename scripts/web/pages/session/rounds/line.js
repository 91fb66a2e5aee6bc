// What tells a round in one line? The tool and what it was asked, how much came back, what that added, what it cost.

import { el } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { compact, count, duration, money } from "../../shared/text/format.js";
import { beginning, cutInMiddle } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";
import { callPart, resultParts, tellingArgument } from "./messages.js";
import { hasFailed, isFree, wasLeft } from "./remarks.js";

const PREVIEW = 160;
/** Marks of Markdown that say nothing on one line. */
const MARKS = /\*\*|`+|^#{1,6} +/gm;

/** Whether a round is a line until one opens it: it calls tools, whatever it says before, or brought no answer. */
export function isLine(round) {
  return Boolean(round.tool_calls?.length || round.tools_called?.length || !round.answer);
}

/** The cells of the line: what it said and did, with these chips behind it, the size of the results, the new tokens, the cost, and how it ended. */
export function lineOf(round, chips) {
  const calls = round.tool_calls ?? [];
  const size = resultSize(round);
  const added = round.added_tokens;
  return [
    el("span", { class: "did" }, did(round, calls), chips),
    el("span", { class: "result-size", title: size === null ? null : t("characters", { count: size, characters: count(size) }) }, size === null ? "" : compact(size)),
    el("span", { class: "added", title: typeof added === "number" ? t("line.addedHint", { count: added, tokens: count(added) }) : null }, typeof added === "number" ? `+${compact(added)}` : ""),
    el("span", { class: "line-cost", title: isFree(round) ? t("round.free") : null }, round.cost_usd === null ? t("line.notTold") : (round.at_least ? "≥ " : "") + money(round.cost_usd)),
    ended(round, calls),
  ];
}

function did(round, calls) {
  if (hasFailed(round)) {
    const why = typeof round.error === "string" ? round.error : round.error ? JSON.stringify(round.error) : t("round.failed");
    return [icon("error"), round.response_code ? el("b", {}, round.response_code) : null, el("span", { class: "telling", dir: "auto" }, beginning(why.replace(new RegExp(`^${Number(round.response_code)}\\b[ :]*`), ""), PREVIEW))];
  }
  const said = typeof round.answer === "string" ? beginning(round.answer.slice(0, 4 * PREVIEW).replace(MARKS, ""), PREVIEW) : "";
  const called = calls.length ? callsOf(calls) : toldLater(round);
  if (called) {
    return [said ? el("span", { class: "telling said-words before", dir: "auto" }, said) : null, el("span", { class: "called" }, icon("tool"), called)];
  }
  if (wasLeft(round)) return [icon("exit"), el("span", { class: "telling" }, round.duration_ms ? t("line.leftAfter", { time: duration(round.duration_ms) }) : t("line.left"))];
  if (said) return [icon("model"), el("span", { class: "telling said-words", dir: "auto" }, said)];
  return [icon("model"), el("span", { class: "telling none" }, t(round.messages === null ? "redacted" : "line.nothing"))];
}

/** The first call: its tool, and what that was asked; and how many more there are. */
function callsOf(calls) {
  const part = callPart(calls[0], ["tool_calls", 0]);
  return [el("b", {}, el("bdi", {}, cutInMiddle(part.name, 40))), el("span", { class: "telling", dir: "auto" }, beginning(tellingArgument(part.text), PREVIEW)), andMore(calls.length - 1)];
}

/** The tools that were asked for, where only a later round tells them; null where none does. */
function toldLater({ tools_called: told }) {
  if (!told?.length) return null;
  const [{ tool, calls }] = told;
  const all = told.reduce((sum, each) => sum + each.calls, 0);
  return [el("b", {}, el("bdi", {}, cutInMiddle(tool, 40))), calls > 1 ? el("small", {}, `×${count(calls)}`) : null, andMore(all - calls)];
}

function andMore(number) {
  return number > 0 ? el("small", {}, `+${count(number)}`) : null;
}

/** How many characters came back from a round's tools; null where nothing is known to have come. */
export function resultSize(round) {
  const clipped = new Map((round.clipped ?? []).map(({ path, characters }) => [path, characters]));
  let sum = null;
  (round.tool_calls ?? []).forEach((call, at) => {
    if (!call.result || call.result.content === null) return;
    for (const part of resultParts(call.result.content, ["tool_calls", at, "result", "content"])) sum = (sum ?? 0) + (clipped.get(part.path.join("/")) ?? part.text.length);
  });
  return sum;
}

function ended(round, calls) {
  const failedCalls = calls.filter((call) => call.result?.failed).length;
  const [name, words, state] = hasFailed(round)
    ? ["error", t("mark.error"), "failed"]
    : wasLeft(round)
      ? ["exit", t("mark.left"), "left"]
      : failedCalls
        ? ["error", t("call.failed"), "failed"]
        : calls.length && calls.every((call) => call.result)
          ? ["tick", t("call.done"), "done"]
          : calls.length
            ? ["right", t("call.open"), "open"]
            : [null, "", "none"];
  return el("span", { class: `line-state ${state}`, title: words || null }, name && icon(name), el("span", { class: "hidden" }, words));
}
