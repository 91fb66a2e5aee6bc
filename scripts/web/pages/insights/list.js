// Which findings are there? A page of them, the gravest first, each with the way to its rounds.

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { go, sessionAddress } from "../shared/net/address.js";
import { timeAgo } from "../shared/text/ago.js";
import { count, money } from "../shared/text/format.js";
import { beginning, cutInMiddle, oneLine } from "../shared/text/log_text.js";
import { titleOf } from "../shared/text/session_names.js";
import { t } from "../shared/text/texts.js";
import { basisMark, dismissButton, findingHead, findingWords, roundLinks } from "../shared/findings/parts.js";
import { NO_FILTERS, PAGE_SIZE, isFiltered } from "./view.js";

const TITLE = 90;

/** The head of the panel with what they come to, the findings, and the pager. */
export function showFindings(box, found, wanted, isRedacted) {
  const { total, by_severity: by, cost_usd: usd } = found;
  const graves = [
    by.critical ? t("findings.critical", { count: by.critical, number: count(by.critical) }) : null,
    by.warning ? t("findings.warnings", { count: by.warning, number: count(by.warning) }) : null,
    by.info ? t("findings.notices", { count: by.info, number: count(by.info) }) : null,
  ];
  fill(
    box,
    el("header", {}, el("h2", {}, t("findings.title"), el("small", {}, total ? graves.filter(Boolean).join(" · ") : t("findings.none"))), total && usd ? el("small", { class: "sum", title: t("findings.sumNote") }, t("findings.sum", { money: money(usd) })) : null),
    found.mistakes.length ? el("ul", { class: "mistakes" }, found.mistakes.map((words) => el("li", {}, icon("warning"), el("span", { dir: "auto" }, oneLine(words))))) : null,
    total ? el("ol", { class: "finding-list" }, found.findings.map((finding) => row(finding, isRedacted))) : nothing(found, wanted),
    judged(found),
    pager(found),
  );
}

/** Moves to the next finding, or to the one before. */
export function stepFinding(box, by) {
  const links = [...box.querySelectorAll("a.of-finding")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

function row(finding, isRedacted) {
  const { session_id: id, first_round: first, at } = finding;
  const title = titleOf(finding, isRedacted);
  return el(
    "li",
    { class: `finding ${finding.severity}` },
    findingHead(finding, dismissButton(id, finding)),
    findingWords(finding),
    el(
      "p",
      { class: "finding-foot" },
      el("a", { class: "of-finding", href: sessionAddress(id, first), title: finding.title ? oneLine(finding.title) : null, dir: "auto" }, beginning(title, TITLE)),
      el("span", { class: "id", title: oneLine(id), dir: "auto" }, cutInMiddle(id, 40)),
      roundLinks(finding, (number) => sessionAddress(id, number)),
      at ? timeAgo(at) : null,
      basisMark(finding),
    ),
  );
}

/** Why there are none. */
function nothing({ sessions_judged: judgedOnes, sessions_not_judged: others }, wanted) {
  const words = judgedOnes ? t("findings.nothing", { count: judgedOnes, sessions: count(judgedOnes) }) : t(others ? "findings.noneJudged" : "findings.noSessions");
  return el(
    "div",
    { class: "notice empty" },
    el("p", { class: "quiet-now" }, el("span", { class: judgedOnes ? "severity over" : "severity none" }, icon(judgedOnes ? "tick" : "search")), words),
    isFiltered(wanted) ? el("p", {}, button({ class: "primary" }, () => go(NO_FILTERS), t("filters.clear"))) : null,
  );
}

/** How many sessions could not be judged. */
function judged({ sessions_not_judged: others }) {
  return others ? el("p", { class: "foot not-judged" }, icon("info"), " ", t("findings.notJudged", { count: others, sessions: count(others) })) : null;
}

function pager({ offset, findings, total }) {
  if (total <= PAGE_SIZE && !offset) return null;
  const to = (at) => () => go({ offset: at > 0 ? at : null });
  return el(
    "nav",
    { class: "pager", "aria-label": t("pager.label") },
    button({ class: "former", disabled: offset <= 0 }, to(offset - PAGE_SIZE), icon("left"), t("pager.former")),
    el("span", {}, t("pager.span", { from: count(findings.length ? offset + 1 : offset), to: count(offset + findings.length), all: count(total) })),
    button({ class: "next", disabled: offset + findings.length >= total }, to(offset + PAGE_SIZE), t("pager.next"), icon("right")),
  );
}
