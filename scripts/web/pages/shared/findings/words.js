// How is a finding called, and said, in the reader's language? The server says it in English; other languages have templates.

import { count, duration, money } from "../text/format.js";
import { oneLine } from "../text/log_text.js";
import { language, t } from "../text/texts.js";

/** Kinds of findings by their groups, each with the key of its name. */
const GROUPS = {
  stuck: { repeat_call: "kind.repeatCall", repeat_error: "kind.repeatError", cycle: "kind.cycle", retry_storm: "kind.retryStorm", runaway: "kind.runaway", monologue: "kind.monologue", no_answer: "kind.noAnswer" },
  cache: { cache_missed: "kind.cacheMissed", unmarked: "kind.unmarked", writes_unread: "kind.writesUnread" },
  context: { big_result: "kind.bigResult", duplicate_result: "kind.duplicateResult", near_window: "kind.nearWindow" },
  reliability: { paid_and_lost: "kind.paidAndLost", failover: "kind.failover" },
  event: { compaction: "kind.compaction", fork: "kind.fork", system_changed: "kind.systemChanged", model_switched: "kind.modelSwitched" },
};
const GROUP_TEXTS = { stuck: "kinds.stuck", cache: "kinds.cache", context: "kinds.context", reliability: "kinds.reliability", event: "kinds.event" };
const BASIS_TEXTS = { measured: "basis.measured", allocated: "basis.allocated" };
const BASIS_NOTES = { measured: "basis.measuredNote", allocated: "basis.allocatedNote" };
/** Where it stands how they are said in a language. */
const TEMPLATES = { "zh-CN": "static/texts/findings.zh-CN.json" };

/** Groups of kinds, the most pressing first. */
export const GROUPS_OF_KINDS = Object.keys(GROUPS);
export const SEVERITIES = ["critical", "warning", "info"];

let templates = {};

/** Loads how findings are said, where that is not as the server says it; without it they are said in English. */
export async function loadFindingWords() {
  if (!TEMPLATES[language]) return;
  try {
    templates = await (await fetch(TEMPLATES[language])).json();
  } catch {
    templates = {};
  }
}

/** The kinds of a group. */
export function kindsOf(group) {
  return Object.keys(GROUPS[group] ?? {});
}

/** What a kind is called; one that is not known here by its own name. */
export function kindName(kind) {
  const key = Object.values(GROUPS).find((kinds) => Object.hasOwn(kinds, kind))?.[kind];
  return key ? t(key) : oneLine(kind).replaceAll("_", " ");
}

/** What a group of kinds is called. */
export function groupName(group) {
  return GROUP_TEXTS[group] ? t(GROUP_TEXTS[group]) : oneLine(group);
}

/** Whether its tokens are counts of the log or shares of such, in a word, and what that means. */
export function basisOf(basis) {
  return BASIS_TEXTS[basis] ? { words: t(BASIS_TEXTS[basis]), note: t(BASIS_NOTES[basis]) } : { words: oneLine(basis), note: null };
}

/** What was found, in a sentence. */
export function wordsOf(finding) {
  return said(finding, "words");
}

/** What to do, in a sentence; an empty text where there is nothing to do. */
export function adviceOf(finding) {
  return said(finding, "advice");
}

function said(finding, name) {
  const known = templates[finding.kind]?.[name];
  const template = typeof known === "object" ? known[variantOf(finding.details)] : known;
  return oneLine(template === undefined ? finding[name] : filled(template, finding));
}

/** Which of several templates is meant. */
function variantOf({ cause, is_sure: isSure }) {
  return isSure === false ? `${cause}_unsure` : cause;
}

function filled(template, { first_round: first, last_round: last, rounds, tokens, details }) {
  const values = { first, last, rounds: rounds.length, tokens, ...details };
  return template.replace(/\{(\w+)\}/g, (_, name) => shown(name, values[name] ?? values[name.replace(/_pico$/, "_usd")]));
}

function shown(name, value) {
  if (value === undefined || value === null) return "?";
  if (Array.isArray(value)) return value.map((each) => shown(name, each)).join(", ");
  if (name.endsWith("_pico")) return money(value);
  if (typeof value === "number") return name.endsWith("seconds") ? duration(value * 1000) : count(value);
  return String(value);
}
