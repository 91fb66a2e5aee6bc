// What tells a round in one line? The tool and what it was asked, how much came back, what that added, what it cost.

import { el } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { compact, count, duration, money } from "../shared/text/format.js";
import { beginning, cutInMiddle } from "../shared/text/log_text.js";
import { t } from "../shared/text/texts.js";
import { callPart, resultParts, tellingArgument } from "./messages.js";
import { hasFailed, wasLeft } from "./remarks.js";

const PREVIEW = 160;
const SHORT_ANSWER = 300;

/** Whether a round is a line until one opens it: it calls tools and says little, or brought no answer. */
export function isLine(round) {
  const answer = typeof round.answer === "string" ? round.answer.length : round.answer ? Infinity : 0;
  return round.tool_calls?.length ? answer <= SHORT_ANSWER : !answer;
}

/** The cells of the line: what it did, with these chips behind it, the size of the results, the new tokens, the cost, and how it ended. */
export function lineOf(round, chips) {
  const calls = round.tool_calls ?? [];
  const size = resultSize(round);
  const added = round.added_tokens;
  return [
    el("span", { class: "did" }, did(round, calls), chips),
    el("span", { class: "result-size", title: size === null ? null : t("characters", { count: size, characters: count(size) }) }, size === null ? "" : compact(size)),
    el("span", { class: "added", title: typeof added === "number" ? t("line.addedHint", { count: added, tokens: count(added) }) : null }, typeof added === "number" ? `+${compact(added)}` : ""),
    el("span", { class: "line-cost" }, round.cost_usd === null ? t("line.notTold") : round.answered_by || round.input_tokens === null ? "–" : (round.at_least ? "≥ " : "") + money(round.cost_usd)),
    ended(round, calls),
  ];
}

function did(round, calls) {
  if (hasFailed(round)) {
    const why = typeof round.error === "string" ? round.error : round.error ? JSON.stringify(round.error) : t("round.failed");
    return [icon("error"), round.response_code ? el("b", {}, round.response_code) : null, el("span", { class: "telling", dir: "auto" }, beginning(why.replace(new RegExp(`^${Number(round.response_code)}\\b[ :]*`), ""), PREVIEW))];
  }
  if (calls.length) {
    const part = callPart(calls[0], ["tool_calls", 0]);
    const more = calls.length > 1 ? el("small", {}, `+${count(calls.length - 1)}`) : null;
    return [icon("tool"), el("b", {}, el("bdi", {}, cutInMiddle(part.name, 40))), el("span", { class: "telling", dir: "auto" }, beginning(tellingArgument(part.text), PREVIEW)), more];
  }
  if (wasLeft(round)) return [icon("exit"), el("span", { class: "telling" }, round.duration_ms ? t("line.leftAfter", { time: duration(round.duration_ms) }) : t("line.left"))];
  const said = typeof round.answer === "string" ? round.answer : "";
  if (said) return [icon("model"), el("span", { class: "telling said-words", dir: "auto" }, beginning(said, PREVIEW))];
  return [icon("model"), el("span", { class: "telling none" }, t(round.messages === null ? "redacted" : "line.nothing"))];
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
