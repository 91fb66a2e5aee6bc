// Why did a round cost what it did, and why did its prompt not come from the cache? In words, as far as the log tells it.

import { compact, count, duration } from "../../shared/text/format.js";
import { isolated } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";

const TEXTS = {
  cache_missed: "reason.cacheMissed",
  not_told: "reason.notTold",
  model_changed: "reason.model",
  route_changed: "reason.route",
  system_changed: "reason.system",
  history_changed: "reason.history",
  parallel: "reason.parallel",
  unmarked: "reason.unmarked",
  first: "reason.first",
  long_output: "reason.longOutput",
  long_prompt: "reason.longPrompt",
  big_result: "reason.bigResult",
  new_input: "reason.newInput",
  not_cached: "reason.notCached",
};

/** Reasons of the server's answer in words, the first of them first; where it gives none, that none is told. */
export function reasonsInWords(reasons) {
  const words = (reasons ?? []).map(inWords).filter(Boolean);
  return words.length ? words : [t("reason.notTold")];
}

/** Why the cache missed at a round; null where it did not, as far as the log tells it. */
export function whyMissed(round) {
  const [first] = round.cost_reasons ?? [];
  return first?.code === "cache_missed" ? reasonsInWords(round.cost_reasons.filter(({ code }) => !OF_COST.has(code))).join(" · ") : null;
}

/** Whether the cache missed because what stands in front of the prompt's new part is not what it was. */
export function hasOtherPrompt(round) {
  return Boolean(whyMissed(round)) && round.cost_reasons.some(({ code }) => code === "system_changed" || code === "history_changed");
}

const OF_COST = new Set(["long_output", "long_prompt", "big_result", "new_input", "not_cached", "first"]);

function inWords({ code, tokens, from, to, tool, seconds, kept_seconds: kept, messages }) {
  if (code === "pause") return kept ? t("reason.pause", { time: duration(seconds * 1000), kept: duration(kept * 1000) }) : t("reason.pauseUntold", { time: duration(seconds * 1000) });
  if (!TEXTS[code]) return null;
  return t(TEXTS[code], { tokens: compact(tokens ?? 0), from: isolated(from ?? ""), to: isolated(to ?? ""), tool: isolated(tool ?? ""), count: messages ?? 0, messages: count(messages ?? 0) });
}
