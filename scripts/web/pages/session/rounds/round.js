// How does one round read? What is new in it, what the model thought, answered and called, what that took.

import { button, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { ask } from "../../shared/net/api.js";
import { kindName, wordsOf } from "../../shared/findings/words.js";
import { compact, count, duration, machineTime, money, time } from "../../shared/text/format.js";
import { beginning, cutInMiddle, isolated, oneLine } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";
import { swatchOf } from "../../shared/ui/colours.js";
import { changedButton } from "./changed.js";
import { costNotes } from "./costs.js";
import { isLine, lineOf } from "./line.js";
import { CALL, RESULT, callPart, indented, readMessage, resultParts, tellingArgument } from "./messages.js";
import { TextSource, passage } from "./passage.js";
import { hasOtherPrompt, whyMissed } from "./reasons.js";
import { costOf, hasFailed, remarks, threadOf, tokensOf, wasLeft } from "./remarks.js";

const PREVIEW = 110;
const HISTORY = 20;
const ASKED = 200;

/** A round's article: one line that opens, or open from the first; `before` is the round before it, where that is known.
 *
 * `onCopy` copies the round's link, `onOpen` hears that all of a round was made. What an open round holds is made then.
 */
export function roundArticle(id, round, before, { onCopy, onOpen }) {
  const number = round.round;
  const prompt = promptOf(round);
  const article = el(
    "article",
    { class: `round${hasFailed(round) ? " has-error" : ""}`, id: `r${number}`, "aria-labelledby": `n${number}`, tabindex: "-1" },
    prompt ? asked(round, prompt, () => openRound(article)) : null,
    head(round, onCopy, () => openRound(article, !article.classList.contains("is-open"))),
  );
  makers.set(article, () => {
    article.append(...bodyOf(id, round, before).flat(Infinity).filter(Boolean), foot(round));
    onOpen?.(article);
  });
  openRound(article, !isLine(round));
  return article;
}

const makers = new WeakMap();

/** Opens the article of a round, or makes it one line again. */
export function openRound(article, isOpen = true) {
  article.classList.toggle("is-open", isOpen);
  article.querySelector(":scope > header > .toggle").setAttribute("aria-expanded", String(isOpen));
  if (isOpen && makers.has(article)) {
    const make = makers.get(article);
    makers.delete(article);
    make();
  }
}

function bodyOf(id, round, before) {
  const source = new TextSource(id, round.round, round.clipped);
  return [
    failed(round, source),
    remarks(round),
    round.messages !== null && hasOtherPrompt(round) ? changedButton(id, round.round) : null,
    cut(round),
    system(round, before, source),
    newMessages(id, round, source),
    question(round, source),
    reasoning(round, source),
    answer(round, source),
    calls(round, source),
    undecoded(round, source),
    round.no_content ? el("p", { class: "no-content" }, t("round.noContent")) : null,
  ];
}

/** The question that a run of rounds answers, above the line of its first one. */
function asked(round, prompt, onPress) {
  return button({ class: "asked" }, onPress, el("span", { class: "as-person" }, icon("person")), el("span", { class: "as-task" }, icon("model"), t("agent.task")), el("span", { class: "prompt", dir: "auto" }, beginning(prompt, ASKED)), el("time", { datetime: machineTime(round.timestamp) }, time(round.timestamp, isToday(round.timestamp) ? "hour" : "dayAndHour")));
}

/** The prompt of a person in a round, or an empty text: the round answers it. */
export function promptOf(round) {
  const messages = (round.messages ?? []).map((message) => readMessage(message, []));
  // Beside what tools said, what stands there for a person's message may be the agent's own.
  if (!round.question && messages.some(({ parts }) => parts.some((part) => part.kind === RESULT))) return "";
  for (const { role, parts } of messages.reverse()) {
    const texts = role === "user" ? parts.filter((part) => part.kind !== RESULT && part.text).map(({ text }) => text) : [];
    if (texts.some((text) => text === round.question || isFramed(text, round.question))) return round.question;
    if (texts.length) return texts[0];
    if (role === "assistant") break;
  }
  return "";
}

/** Whether a text is a question with something of the agent's own around it. */
function isFramed(text, asked) {
  return typeof asked === "string" && asked.length > 0 && text.length > asked.length && text.includes(asked);
}

/** Whether a part of a person's message is not what one reads first: where one is the question, all others. */
function isAside(part, parts, asked) {
  return isFramed(part.text, asked) || (part.text !== asked && parts.some(({ text }) => text === asked));
}

/** Whether a moment is of the reader's today: any other one is told with its day. */
function isToday(timestamp) {
  return time(timestamp, "day") === time(new Date().toISOString(), "day") && Math.abs(Date.now() - Date.parse(timestamp)) < 2 * 86_400_000;
}

// -- head and foot ----------------------------------------------------------------------------------------------------------

const MARK_TEXTS = { model: "mark.model", compaction: "mark.compaction" };
/** Findings that say what a mark says. */
const SAME_MARKS = { compaction: "compaction", model_switched: "model" };

function head(round, onCopy, onToggle) {
  const number = round.round;
  const link = button({ class: "quiet square copy-link", "aria-label": t("round.copy", { round: number }), title: t("round.copy", { round: number }) }, () => onCopy(number, link), icon("link"));
  const chips = [
    el("span", { class: "context-marks" }),
    whyMissed(round) ? el("span", { class: "chip missed", title: whyMissed(round) }, icon("missed"), t("mark.missed")) : null,
    hasFailed(round) ? el("span", { class: "chip error" }, icon("error"), t("mark.error")) : null,
    wasLeft(round) ? el("span", { class: "chip left" }, icon("exit"), t("mark.left")) : null,
  ];
  const toggle = button({ class: "toggle", "aria-expanded": "false" }, onToggle, lineOf(round, chips));
  return el(
    "header",
    {},
    el("h2", { id: `n${number}` }, el("a", { href: `#r${number}`, title: t("round.title", { round: count(number) }) }, el("span", { class: "hidden" }, t("round.title", { round: "" })), count(number))),
    toggle,
    link,
  );
}

/** Says in a round's head what happened to the context in it, and of a session of several conversations which it is of. */
export function showMarks(article, round, { marks, found = [], hasThreads, isSame, agents, isTask }) {
  // What looks like a person's question is what another round of the session handed on.
  article.classList.toggle("is-task", isTask === true);
  const chips = marks.filter((mark) => MARK_TEXTS[mark]);
  const words = (mark) => (mark === "model" ? t("mark.modelTo", { model: isolated(round.model ?? "?") }) : t(MARK_TEXTS[mark]));
  const toModel = () => [swatchOf(round.model), el("span", { class: "hidden" }, t("mark.model"), " "), el("bdi", {}, cutInMiddle(round.model ?? "?", 20))];
  const thread = hasThreads ? el("span", { class: `chip thread${isSame ? " is-same" : ""}`, title: t("thread.name", { number: count(threadOf(round)) }) }, icon("thought"), threadName(threadOf(round))) : null;
  fill(article.querySelector(".context-marks"), thread, foundChip(found.filter(({ kind }) => !marks.includes(SAME_MARKS[kind]))), chips.map((mark) => el("span", { class: `chip ${mark}`, title: words(mark) }, mark === "model" ? toModel() : [icon(mark), words(mark)])));
  showAgents(article, agents ?? []);
}

/** A sign that something goes wrong in the round, in the colour of the gravest, with the words of all. */
function foundChip(found) {
  if (!found.length) return null;
  const kinds = [...new Set(found.map(({ kind }) => kindName(kind)))].join(", ");
  const isOfCache = found.some(({ kind }) => kind === "cache_missed");
  const words = t("mark.found", { count: found.length, kinds });
  return el("span", { class: `chip proof ${found[0].severity}${isOfCache ? " of-cache" : ""}`, title: [words, ...found.map(wordsOf)].join("\n") }, icon(found[0].severity), el("span", {}, kinds));
}

/** Says below a round's line which sub-agents it began: each is a way to the first round of its conversation. */
function showAgents(article, agents) {
  article.querySelector(":scope > .sub-agents")?.remove();
  if (!agents.length) return;
  const line = ({ round, rounds, cost_usd: usd }) => el("li", {}, el("a", { href: `#r${round}` }, icon("model"), t("agent.began"), " ", el("small", {}, t("rail.rounds", { count: rounds, rounds: count(rounds) })), el("small", {}, usd === null ? t("line.notTold") : money(usd))));
  article.querySelector(":scope > header").after(el("ul", { class: "sub-agents" }, agents.map(line)));
}

/** The number of a conversation, as short as a line needs it; who points at it or listens is told what it is. */
function threadName(number) {
  const [before, after = ""] = t("thread.name", { number: "|" }).split("|");
  return [el("span", { class: "hidden" }, before), count(number), after && el("span", { class: "hidden" }, after)];
}

function foot(round) {
  const { exact, words } = tokensOf(round);
  const parts = Object.entries(round.cost_parts_usd ?? {}).map(([kind, usd]) => `${kind.replaceAll("_", " ")} ${money(usd)}`);
  const facts = [
    el("time", { datetime: machineTime(round.timestamp), title: time(round.timestamp, "second") }, time(round.timestamp, isToday(round.timestamp) ? "clock" : "second")),
    round.model ? el("span", { class: "of-model", title: oneLine(round.model) }, swatchOf(round.model), el("bdi", {}, cutInMiddle(round.model, 32))) : null,
    el("span", { title: exact }, words),
    el("span", { class: "of-cost", title: parts.join(" · ") || null }, costOf(round)),
    round.first_token_ms ? el("span", {}, t("round.firstToken", { time: duration(round.first_token_ms) })) : null,
    round.duration_ms ? el("span", {}, t("round.duration", { time: duration(round.duration_ms) })) : null,
  ];
  const notes = costNotes(round);
  return el("footer", {}, facts.filter(Boolean), notes.length ? el("ul", { class: "cost-notes" }, notes.map((note) => el("li", {}, note))) : null);
}

// -- trouble ------------------------------------------------------------------------------------------------------------------

function failed(round, source) {
  if (!hasFailed(round)) return null;
  const code = round.response_code ? t("round.status", { code: round.response_code }) : "";
  const untold = round.messages === null ? t("redacted") : t("round.failedUntold");
  const why = round.error ? passage(asText(round.error), { source, path: ["error"] }) : el("p", { class: "none" }, untold);
  return el("div", { class: "said error" }, el("h3", {}, icon("error"), t("round.failed"), code && el("small", {}, code)), why);
}

function cut(round) {
  if (!round.cut?.length) return null;
  return el("p", { class: "chip cut" }, icon("cut"), t("round.cut", { what: round.cut.map(isolated).join(", ") }));
}

function undecoded(round, source) {
  if (!round.undecoded) return null;
  return Object.entries(round.undecoded).map(([key, value]) =>
    folded("cut", icon("cut"), t("round.undecoded", { what: isolated(key) }), asText(value), { source, path: ["undecoded", key], isCode: true }),
  );
}

// -- what was sent ----------------------------------------------------------------------------------------------------------------

/** What the model was told beside the messages, where it is not what it was told the round before. */
function system(round, before, source) {
  if (!round.system) return null;
  const instructions = asText(round.system);
  if (before?.system && asText(before.system) === instructions) return null;
  return folded("system", icon("person"), t("role.system"), instructions, { source, path: ["system"] });
}

function newMessages(id, round, source) {
  if (round.messages === null) return null;
  const { messages, messages_total: total, messages_from_history: before, messages_start: start } = round;
  const fresh = total - before;
  if (!total) return null;
  const line = el("p", { class: "new-messages" }, el("span", {}, fresh ? t("round.new", { count: fresh, messages: count(fresh) }) : t("round.noneNew")));
  const history = el("div", { class: "history", hidden: true });
  const hidden = Math.max(before, start);
  if (hidden) {
    const words = t("round.earlier", { count: hidden, messages: count(hidden) });
    const show = button({ class: "link", "aria-expanded": "false" }, () => toggle(), t("round.show"));
    const from = round.history_of ? [el("a", { href: `#r${round.history_of}` }, t("round.goesOn", { round: count(round.history_of) })), ", "] : [];
    line.append(" ", el("span", { class: "before" }, `(${words}, `, ...from, show, ")"));
    const toggle = () => {
      history.hidden = !history.hidden;
      show.setAttribute("aria-expanded", String(!history.hidden));
      fill(show, history.hidden ? t("round.show") : t("round.hide"));
      if (!history.childElementCount) showHistory(history, id, round.round, hidden);
    };
  }
  const shown = messages.map((message, at) => readMessage(message, ["messages", start + at]));
  const isContinued = before > 0;
  const carried = isContinued ? shown.filter(isCarried) : [];
  const others = isContinued ? shown.filter((message) => !isCarried(message)) : shown;
  return [line, history, carriedOver(carried, source), others.map((message) => messageBlock(message, source, round.question))];
}

/** What the round before showed already: its answer, and what its tools said. */
function isCarried({ role, parts }) {
  return role === "assistant" || parts.every((part) => part.kind === RESULT);
}

function carriedOver(messages, source) {
  if (!messages.length) return null;
  const answers = messages.filter(({ role }) => role === "assistant").length;
  const results = messages.reduce((sum, { role, parts }) => sum + (role === "assistant" ? 0 : parts.length), 0);
  const words = [
    answers ? t("carried.answers", { count: answers, answers: count(answers) }) : null,
    results ? t("carried.results", { count: results, results: count(results) }) : null,
  ];
  const details = el("details", { class: "carried" }, el("summary", {}, t("carried.title", { what: words.filter(Boolean).join(", ") })));
  whenOpened(details, () => messages.map((message) => messageBlock(message, source)));
  return details;
}

/** One message. What a person said is open, all else folded; so is what an agent put around the question that was `asked`. */
function messageBlock({ role, name, parts }, source, asked) {
  if (role === "user" && parts.some((part) => part.kind !== RESULT)) {
    const results = parts.filter((part) => part.kind === RESULT);
    const said = parts.filter((part) => part.kind !== RESULT);
    const rest = said.filter((part) => !isAside(part, said, asked));
    const framed = said.filter((part) => isAside(part, said, asked));
    return [
      results.map((part) => partBlock("tool", name, part, source)),
      framed.map((part) => partBlock(role, name, part, source)),
      rest.length > 0 && el("div", { class: "said user" }, el("h3", {}, el("span", { class: "as-person" }, icon("person"), roleName(role)), el("span", { class: "as-task" }, icon("model"), t("agent.task")), name && el("small", {}, isolated(name))), rest.map((part) => passage(part.text, { source, path: part.path, isMarked: true }))),
    ];
  }
  return parts.map((part) => partBlock(role, name, part, source));
}

function partBlock(role, name, part, source) {
  const kind = part.kind === RESULT ? "result" : part.kind === CALL ? "call" : role === "system" ? "system" : "message";
  const drawing = icon(part.kind === RESULT || part.kind === CALL ? "tool" : role === "assistant" ? "model" : "person");
  const who = part.kind === RESULT ? t("role.result") : part.kind === CALL ? t("role.call", { tool: isolated(part.name) }) : roleName(role);
  return folded(kind, drawing, name ? `${who} ${isolated(name)}` : who, part.text, { source, path: part.path, isCode: part.kind !== "text", format: part.isJson ? indented : undefined });
}

const ROLE_TEXTS = { user: "role.user", assistant: "role.assistant", system: "role.system", tool: "role.result", function: "role.result", developer: "role.developer" };

function roleName(role) {
  return ROLE_TEXTS[role] ? t(ROLE_TEXTS[role]) : isolated(role);
}

/** The messages before those that are new, the last ones first, in pages. */
async function showHistory(box, id, round, before) {
  const loading = el("p", { class: "none" }, t("loading"));
  box.prepend(loading);
  try {
    const { data } = await ask("session/history", { id, round, before, limit: HISTORY });
    const source = new TextSource(id, round, data.clipped);
    const blocks = data.messages.map((message, at) =>
      el("div", { class: "message" }, messageBlock(readMessage(message, ["messages", data.first + at]), source)),
    );
    const more =
      data.first > 0
        ? button({ class: "quiet all" }, () => {
            more.remove();
            showHistory(box, id, round, data.first);
          }, icon("up"), t("round.olderMessages", { count: data.first, messages: count(data.first) }))
        : null;
    loading.replaceWith(...[more, ...blocks].filter(Boolean));
  } catch (error) {
    loading.replaceWith(el("p", { class: "failed" }, t("passage.failed", { why: error.message })));
  }
}

// -- what came back -----------------------------------------------------------------------------------------------------------------

/** The question, where no message that is shown says it. */
function question(round, source) {
  if (!round.question) return null;
  const asked = asText(round.question);
  const isShown = (round.messages ?? []).some((message) => readMessage(message, []).parts.some((part) => sameStart(part.text, asked)));
  if (isShown || (round.messages_from_history > 0 && !round.messages?.length && round.messages !== null)) return null;
  return el("div", { class: "said user" }, el("h3", {}, icon("person"), t("role.question")), passage(asked, { source, path: ["question"], isMarked: true }));
}

/** Whether two texts are the same, as far as each was kept. */
function sameStart(one, other) {
  const length = Math.min(one.length, other.length, 3900);
  return length > 0 && one.slice(0, length) === other.slice(0, length);
}

function reasoning(round, source) {
  if (!round.reasoning) return null;
  return folded("reasoning", icon("thought"), t("role.reasoning"), asText(round.reasoning), { source, path: ["reasoning"] });
}

function answer(round, source) {
  if (!round.answer) return null;
  return el("div", { class: "said answer" }, el("h3", {}, icon("model"), t("role.answer")), passage(asText(round.answer), { source, path: ["answer"], isMarkdown: true }));
}

function calls(round, source) {
  if (!round.tool_calls?.length) return null;
  return el("div", { class: "calls", role: "group", "aria-label": t("calls.label") }, round.tool_calls.map((call, at) => callBlock(call, at, source)));
}

function callBlock(call, at, source) {
  const part = callPart(call, ["tool_calls", at]);
  const { result } = call;
  const state = result ? (result.failed ? "failed" : "done") : "open";
  const words = { failed: t("call.failed"), done: t("call.done"), open: t("call.open") }[state];
  const details = el(
    "details",
    { class: `call ${state}` },
    el(
      "summary",
      {},
      icon("tool"),
      el("b", {}, el("bdi", {}, cutInMiddle(part.name, 40))),
      el("span", { class: "telling", dir: "auto" }, beginning(tellingArgument(part.text), PREVIEW)),
      el("span", { class: `state ${state}` }, icon(state === "failed" ? "error" : state === "done" ? "tick" : "right"), words),
    ),
  );
  whenOpened(details, () => [
    el("h3", {}, t("call.arguments")),
    passage(part.text, { source, path: part.path, isCode: true, format: indented }),
    el("h3", {}, t("call.result"), result ? el("small", {}, t("call.broughtBy", { round: count(result.round) })) : null),
    result
      ? result.content === null
        ? el("p", { class: "none" }, t("redacted"))
        : resultParts(result.content, ["tool_calls", at, "result", "content"]).map((each) => passage(each.text, { source, path: each.path, isCode: true }))
      : el("p", { class: "none" }, t("call.none")),
  ]);
  if (state === "failed") details.open = true;
  return details;
}

// -- pieces -----------------------------------------------------------------------------------------------------------------------------

/** Text that one opens to read: its beginning stands in the line that opens it. */
function folded(className, drawing, label, all, { source, path, isCode, format }) {
  const length = source.lengthOf(path) ?? all.length;
  const details = el(
    "details",
    { class: `said ${className}` },
    el("summary", {}, drawing, el("b", {}, label), el("span", { class: "telling", dir: "auto" }, beginning(all, PREVIEW)), el("small", {}, t("characters", { count: length, characters: compact(length) }))),
  );
  whenOpened(details, () => passage(all, { source, path, isCode, format }));
  return details;
}

/** Makes what is inside when it is wanted. */
function whenOpened(details, content) {
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(...[content()].flat(3));
  });
}

function asText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
