// What has to be known of a round beside what was said in it? How its call ended, and what the log does not tell of it.

import { el } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { compact, cost, count, percent } from "../../shared/text/format.js";
import { isolated } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";
import { whyMissed } from "./reasons.js";

const AT_LEAST_TEXTS = { cut_short: "atLeast.cutShort", partly_told: "atLeast.partlyTold" };
const ANSWERED_TEXTS = { cache: "round.byCache", guard: "round.byGuard" };
const SESSION_TEXTS = { conversation: "round.fromConversation", history: "round.fromHistory" };

/** Whether its call failed, or was left by the client before the end. */
export const hasFailed = (round) => round.outcome === "failed";
export const wasLeft = (round) => round.outcome === "left";

/** The number of the conversation that a round, or a point of the chart, goes on with in its session. */
export const threadOf = ({ thread = 1 }) => thread;

/** All that is to be said of a round, a line each; null of a usual one. */
export function remarks(round) {
  const notes = round.token_notes ?? [];
  const lines = [
    wasLeft(round) ? ["exit", t("round.left")] : null,
    whyMissed(round) ? ["compaction", whyMissed(round)] : null,
    round.at_least ? ["cut", whyAtLeast(notes)] : null,
    notes.includes("unknown_split") ? ["cut", t("round.unknownSplit")] : null,
    notes.includes("unclear_counts") ? ["cut", t("round.unclearCounts")] : null,
    round.left_out?.length ? ["cut", t("round.leftOut", { what: round.left_out.map(isolated).join(", ") })] : null,
    notes.includes("no_answer") && !round.no_content ? ["model", t("round.noAnswer")] : null,
    ANSWERED_TEXTS[round.answered_by] ? ["system", t(ANSWERED_TEXTS[round.answered_by])] : null,
    SESSION_TEXTS[round.session_from] ? ["link", t(SESSION_TEXTS[round.session_from])] : null,
    round.has_tool_calls === null && !isFree(round) ? ["tool", t("round.toolsUntold")] : toldLater(round),
  ].filter(Boolean);
  return lines.length ? el("ul", { class: "remarks" }, lines.map(([drawing, words]) => el("li", {}, icon(drawing), words))) : null;
}

function whyAtLeast(notes) {
  const why = notes.filter((note) => AT_LEAST_TEXTS[note]).map((note) => t(AT_LEAST_TEXTS[note]));
  return why.length ? t("atLeast.why", { why: why.join("; ") }) : t("atLeast.unknown");
}

/** The tools that were asked for, where only a later round tells them. */
function toldLater(round) {
  if (!round.has_tool_calls || round.tool_calls?.length || round.undecoded?.tool_calls || !round.tools_called?.length) return null;
  const tools = round.tools_called.map(({ tool, calls }) => (calls > 1 ? `${isolated(tool)} ×${count(calls)}` : isolated(tool)));
  return ["tool", t("round.toolsTold", { tools: tools.join(", ") })];
}

/** Whether the log leaves open how many of a round's tokens were input, and how many output. */
function untoldCounts({ token_notes: notes = [], reported = {} }) {
  if (notes.includes("unknown_split")) return [true, true];
  return ["input_token", "output_token"].map((name) => notes.includes("partly_told") && !(name in reported));
}

/** The tokens of a round in words: exactly, and for the foot of its article. */
export function tokensOf(round) {
  const { input_tokens: input, cached_tokens: cached, output_tokens: output, reasoning_tokens: thought } = round;
  if (input === null) return { exact: null, words: t("round.noTokens") };
  const [noInput, noOutput] = untoldCounts(round);
  const words = [
    noInput && noOutput ? `${t("round.inAll", { tokens: compact(round.total_tokens) })} ` : "",
    t("round.in", { tokens: noInput ? "–" : compact(input) }),
    cached ? ` (${t("round.cached", { tokens: compact(cached), share: percent(cached / input) })})` : "",
    " → ",
    t("round.out", { tokens: noOutput ? "–" : compact(output) }),
    thought ? ` (${t("round.reasoning", { tokens: compact(thought) })})` : "",
  ].join("");
  const exact = t("round.exact", { input: noInput ? "–" : count(input), cached: cached === null ? "–" : count(cached), output: noOutput ? "–" : count(output), reasoning: count(thought) });
  return { exact, words: round.at_least ? t("atLeast.amount", { amount: words }) : words };
}

/** Whether a call cost nothing whatever its model: the gateway answered it by itself, or it was refused. */
export function isFree(round) {
  return Boolean(round.answered_by) || (round.cost_usd !== null && round.input_tokens === null);
}

/** The cost of a round in words, or why there is none. */
export function costOf(round) {
  if (round.cost_usd === null) return t(round.unpriced === "no_tokens" ? "round.costNotTold" : "round.noCost");
  if (isFree(round)) return t("round.free");
  return round.at_least ? t("atLeast.amount", { amount: cost({ cost_usd: round.cost_usd }) }) : cost(round);
}
