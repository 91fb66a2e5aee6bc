// What goes wrong in the session? Each finding with what to do, the way to its rounds, and what changed where a prompt did.

import { el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { count } from "../../shared/text/format.js";
import { t } from "../../shared/text/texts.js";
import { basisMark, dismissButton, findingHead, findingWords, roundLinks } from "../../shared/findings/parts.js";
import { changedButton } from "../rounds/changed.js";

const SHOWN = 6;

/** The panel in a box; `isForAll` says whether the reader may see all sessions, and so may dismiss. */
export class FindingsPanel {
  #box;
  #id;
  #isRedacted;
  #isForAll;

  constructor(box, { id, isRedacted, isForAll }) {
    this.#box = box;
    this.#id = id;
    this.#isRedacted = isRedacted;
    this.#isForAll = isForAll;
  }

  /** Shows the server's answer; a panel that says the same stays as it is, with what was opened in it. */
  show(insights) {
    const state = JSON.stringify([insights.findings, insights.dismissed, insights.not_judged]);
    this.#box.hidden = false;
    if (this.#box.dataset.state === state) return;
    this.#box.dataset.state = state;
    const { findings, dismissed, rounds, not_judged: others } = insights;
    // What is worth a look stands open; notices, and what is too much at once, are a line until somebody opens it.
    const graves = findings.filter(({ severity }) => severity !== "info").slice(0, SHOWN);
    const rest = findings.filter((finding) => !graves.includes(finding));
    const number = { count: rest.length, number: count(rest.length), rows: count(rest.length) };
    fill(
      this.#box,
      el("h2", { id: "findings-title" }, t("findings.title"), findings.length ? el("small", {}, ` ${count(findings.length)}`) : null),
      graves.length ? el("ol", { class: "finding-list" }, graves.map((finding) => this.#row(finding))) : null,
      findings.length ? null : el("p", { class: "foot quiet-now" }, icon(others < rounds ? "tick" : "info"), " ", t(others < rounds ? "findings.quiet" : "findings.noContent")),
      rest.length ? this.#folded(t(rest.every(({ severity }) => severity === "info") ? "findings.notices" : "groups.more", number), rest) : null,
      others && others < rounds ? el("p", { class: "foot" }, t("findings.roundsNotJudged", { count: others, rounds: count(others) })) : null,
      dismissed.length ? this.#folded(t("findings.dismissed", { count: dismissed.length, number: count(dismissed.length) }), dismissed, true) : null,
    );
  }

  /** Says why there is nothing to show yet; what is shown stays. */
  tell(words) {
    if (this.#box.dataset.state) return;
    this.#box.hidden = false;
    fill(this.#box, el("h2", {}, t("findings.title")), el("p", { class: "foot" }, words));
  }

  #folded(words, findings, isDismissed = false) {
    return el("details", { class: "more-findings" }, el("summary", {}, words), el("ol", { class: "finding-list" }, findings.map((finding) => this.#row(finding, isDismissed))));
  }

  #row(finding, isDismissed = false) {
    const hasChanged = !this.#isRedacted && (finding.kind === "system_changed" || ["prefix_changed", "compacted"].includes(finding.details.cause));
    return el(
      "li",
      { class: `finding ${finding.severity}` },
      findingHead(finding, this.#isForAll ? dismissButton(this.#id, finding, isDismissed) : null),
      findingWords(finding),
      el("p", { class: "finding-foot" }, roundLinks(finding, (number) => `#r${number}`), basisMark(finding)),
      hasChanged ? changedButton(this.#id, finding.first_round, finding.details.before_round ?? null) : null,
    );
  }
}

/** Of each round the findings that it proves, the gravest first. */
export function proofsOf(insights) {
  const proofs = new Map();
  for (const finding of insights.findings) {
    for (const number of finding.rounds.length ? finding.rounds : [finding.first_round]) proofs.set(number, [...(proofs.get(number) ?? []), finding]);
  }
  return proofs;
}
