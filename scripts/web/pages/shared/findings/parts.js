// How does a finding stand on a page? Its severity, what it is, what to do, and what is at stake.

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { adviceOf, basisOf, kindName, wordsOf } from "./words.js";
import { compact, count, money } from "../text/format.js";
import { t } from "../text/texts.js";
import { copy } from "../ui/copying.js";
import { severityMark } from "../ui/firing.js";
import { told } from "../ui/told.js";

const MOST_ROUNDS = 5;

/** The line that leads: severity, kind, and money; `action` stands at its end. */
export function findingHead(finding, action = null) {
  const { cost_usd: usd, tokens } = finding;
  return el(
    "p",
    { class: "finding-head" },
    severityMark(finding.severity),
    el("b", {}, kindName(finding.kind)),
    el("span", { class: "at-stake" }, usd === null ? null : el("b", {}, money(usd)), tokens === null ? null : el("small", { title: count(tokens) }, t("finding.tokens", { count: tokens, tokens: compact(tokens) })), action),
  );
}

/** What was found, and what to do. */
export function findingWords(finding) {
  const advice = adviceOf(finding);
  return [
    el("p", { class: "finding-words", dir: "auto" }, wordsOf(finding)),
    advice ? el("p", { class: "finding-advice", dir: "auto" }, icon("right"), el("span", {}, advice)) : null,
  ];
}

/** Whether its tokens were counted or are a share; nothing where there are none. */
export function basisMark({ basis, tokens, cost_usd: usd }) {
  if (tokens === null && usd === null) return null;
  const { words, note } = basisOf(basis);
  return el("span", { class: `basis ${basis}` }, told(words, note));
}

/** The rounds that prove it, each a link of `hrefOf(number)`: the first ones, and the last where there are many. */
export function roundLinks({ rounds, first_round: first, last_round: last }, hrefOf) {
  const proofs = rounds.length ? rounds : [first];
  const shown = proofs.slice(0, proofs.length > MOST_ROUNDS ? MOST_ROUNDS - 1 : MOST_ROUNDS);
  const isMore = shown[shown.length - 1] < last;
  const link = (number) => el("a", { href: hrefOf(number) }, count(number));
  return el(
    "span",
    { class: "proofs" },
    t("finding.rounds", { count: isMore || shown.length > 1 ? 2 : 1 }),
    shown.map((number) => [" ", link(number)]),
    isMore ? [" … ", link(last)] : null,
  );
}

/** A button that copies the command with which a finding is not told any more, or is told again; none for an id that no terminal takes as it is. */
export function dismissButton(sessionId, finding, isDismissed = false) {
  if (/^-|[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(sessionId)) return null;
  const place = `${finding.kind}@${finding.first_round}`;
  const id = /^[\w.:@/-]+$/.test(sessionId) ? sessionId : `'${sessionId.replaceAll("'", "'\\''")}'`;
  const command = `python3 scripts/cli.py insights ${id} ${isDismissed ? "--restore" : "--dismiss"} ${place}`;
  const words = t(isDismissed ? "finding.restore" : "finding.dismiss");
  const node = button({ class: "quiet square dismiss", title: `${words}: ${command}`, "aria-label": words }, () => copy(command, node, t("finding.commandCopied")), icon(isDismissed ? "up" : "close"));
  return node;
}
