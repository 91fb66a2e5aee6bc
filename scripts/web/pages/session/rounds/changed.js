// Which words of a prompt changed from one round to a later one? Asked for when somebody wants to know: it is text of the conversation.

import { button, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { ask } from "../../shared/net/api.js";
import { count } from "../../shared/text/format.js";
import { logText, oneLine } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";

const MESSAGES = { removed: "changed.removed", added: "changed.added" };
const ROLES = { system: "changed.system", user: "changed.user", assistant: "changed.model", tool: "changed.tool" };

/** A button that shows below itself what changed in the prompt of a round since the one `before`, null for the one that it goes on from. */
export function changedButton(id, round, before = null) {
  const box = el("div", { class: "what-changed", hidden: true, "aria-live": "polite" });
  const press = async () => {
    box.hidden = !box.hidden;
    node.setAttribute("aria-expanded", String(!box.hidden));
    if (box.hidden || box.childNodes.length) return;
    try {
      const { data } = await ask("session/changed", { id, round, before });
      fill(box, data.changed ? inWords(data.changed) : t("changed.nothing"));
    } catch (error) {
      fill(box, el("span", { class: "failed" }, error.message));
    }
  };
  const node = button({ class: "link", "aria-expanded": "false" }, press, t("changed.ask"));
  return el("div", { class: "of-change" }, node, box);
}

function inWords({ kind, message, role, line, before, now, messages, before_round: from, round: to }) {
  const rounds = t("changed.rounds", { before: count(from), round: count(to) });
  const whose = ROLES[role] ? t(ROLES[role]) : oneLine(role);
  const place = message === null || role === "system" ? whose : t("changed.message", { number: count(message + 1), role: whose });
  if (MESSAGES[kind]) return [el("p", {}, rounds), el("p", {}, icon("cut"), " ", t(MESSAGES[kind], { count: messages, number: count(messages), place }))];
  if (before === null && now === null) return [el("p", {}, rounds), el("p", {}, t("changed.reordered", { place }))];
  const words = (name, text) => el(name, { dir: "auto" }, text ? logText(text) : t("changed.empty"));
  return [el("p", {}, rounds, " ", t("changed.at", { place, line: count(line ?? 1) })), el("p", { class: "both" }, words("del", before), el("span", { "aria-hidden": "true" }, " → "), words("ins", now))];
}
