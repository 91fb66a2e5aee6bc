// What does the session add up to? Totals, what its tokens are, its models and tools, and files of it.

import { button, el, fill } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { apiAddress } from "../../shared/net/api.js";
import { approximateDollars, assumedIn, bounded, compact, cost, count, duration, inAndOut, machineTime, money, notInIt, percent, picoDollars, time } from "../../shared/text/format.js";
import { cutInMiddle, oneLine } from "../../shared/text/log_text.js";
import { t } from "../../shared/text/texts.js";
import { meter, partsBar } from "../../shared/ui/charts.js";
import { coloured, swatchOf } from "../../shared/ui/colours.js";
import { otherReadings } from "../rounds/costs.js";
import { threadOf } from "../rounds/remarks.js";
import { bigOnes } from "./big.js";
import { FindingsPanel } from "./findings.js";
import { ALL_THREADS, GrowthChart, legendOf, threadBox } from "./growth.js";
import { sentParts } from "./sent.js";
import { WorkPanel } from "./work.js";

const PART_TEXTS = {
  fresh_input: "part.fresh",
  cache_read: "part.cached",
  cache_write: "part.written",
  visible_output: "part.output",
  reasoning: "part.reasoning",
};
const PART_CLASSES = {
  fresh_input: "part-fresh",
  cache_read: "part-cached",
  cache_write: "part-written",
  visible_output: "part-output",
  reasoning: "part-reasoning",
};
const NOTE_TEXTS = { no_content: "note.noContent", cut: "note.cut", left_out: "note.leftOut", no_tokens: "note.noTokens" };
const FORMATS = ["html", "md", "json"];

/** The facts in a box; `show` brings them up to date without losing the reader's place in the chart. */
export class Facts {
  #box;
  #growth;
  #parts = {};
  #isRedacted;
  #context = [];
  #thread = ALL_THREADS;

  #onFailed;
  #work;
  #findings;

  constructor(box, { id, onChoose, onFailed, isRedacted, isForAll }) {
    this.#box = box;
    this.#onFailed = onFailed;
    this.#isRedacted = isRedacted;
    for (const name of ["totals", "work", "findings", "sent", "big", "parts", "models", "tools", "exports"]) this.#parts[name] = el("section", { class: `panel ${name}` });
    const chart = el("div", { class: "chart" });
    this.#parts.legend = el("div", {});
    this.#parts.threads = el("div", { class: "tools" });
    const head = el("header", {}, el("h2", {}, t("growth.title")), this.#parts.threads);
    this.#parts.growth = el("section", { class: "panel growth" }, head, chart, this.#parts.legend);
    this.#growth = new GrowthChart(chart, onChoose);
    const { totals, work, findings, sent, big, parts, growth, models, tools, exports } = this.#parts;
    for (const panel of [findings, sent, big]) panel.hidden = true;
    this.#findings = new FindingsPanel(findings, { id, isRedacted, isForAll });
    this.#work = new WorkPanel(work, id);
    fill(this.#box, totals, work, findings, big, growth, parts, sent, models, tools, exports);
  }

  /** Shows the server's answer about the session. */
  show(answer) {
    fill(this.#parts.totals, totals(answer, this.#onFailed));
    this.#work.show(answer.work);
    fill(this.#parts.parts, composition(answer));
    this.#context = answer.context;
    this.#offerThreads();
    this.#showGrowth();
    fill(this.#parts.models, answer.models.length > 1 ? models(answer) : null);
    this.#parts.models.hidden = answer.models.length < 2;
    fill(this.#parts.tools, tools(answer));
    this.#parts.tools.hidden = !answer.tools.length;
    fill(this.#parts.exports, exports(answer.session.session_id, this.#isRedacted ? ["json"] : FORMATS));
  }

  /** Shows what was big, from the server's outline. */
  showOutline(outline) {
    const found = bigOnes(outline);
    fill(this.#parts.big, found);
    this.#parts.big.hidden = found === null;
  }

  /** Shows what goes wrong, and where the money went, from the server's answer. */
  showInsights(insights) {
    this.#findings.show(insights);
    const found = sentParts(insights);
    fill(this.#parts.sent, found);
    this.#parts.sent.hidden = found === null;
  }

  /** Says in the place of what goes wrong why that is not there yet. */
  tellNoInsights(words) {
    this.#findings.tell(words);
  }

  /** The choice among the conversations; who is at it stays there while no other one comes. */
  #offerThreads() {
    const box = this.#parts.threads;
    const there = String(new Set(this.#context.map(threadOf)).size);
    if (box.dataset.threads === there) return;
    box.dataset.threads = there;
    const choose = (thread) => {
      this.#thread = thread;
      this.#showGrowth();
    };
    fill(box, threadBox(this.#context, this.#thread, choose));
  }

  #showGrowth() {
    fill(this.#parts.legend, legendOf(this.#context, this.#thread));
    this.#growth.show(this.#context, this.#thread);
  }

  /** Shows in the chart which round is being read. */
  mark(number) {
    this.#growth.mark(number);
  }
}

function totals({ session, latency, notes }, onFailed) {
  const saved = picoDollars(session.cache_savings_usd) ?? 0n;
  const isUntold = session.without_tokens === session.messages_count;
  const rows = [
    [t("facts.rounds"), [count(session.messages_count), ended(session, onFailed)]],
    [t("facts.tokens"), isUntold ? t("round.noTokens") : [bounded(session, count(session.total_tokens)), el("small", {}, ` ${inAndOut(session, session.total_input_tokens, session.total_output_tokens)}`)]],
    [t("facts.cached"), [session.total_input_tokens ? percent(session.cached_share) : "–", saved > 0n ? el("small", {}, ` ${t("cards.cached.saved", { money: money(saved) })}`) : null]],
    [t("facts.firstToken"), latency.first_token_p50_ms ? t("facts.half", { half: duration(latency.first_token_p50_ms), most: duration(latency.first_token_p95_ms) }) : "–"],
    [t("facts.duration"), latency.duration_p50_ms ? t("facts.half", { half: duration(latency.duration_p50_ms), most: duration(latency.duration_p95_ms) }) : "–"],
    [t("facts.created"), el("time", { datetime: machineTime(session.created_at) }, time(session.created_at))],
    [t("facts.updated"), el("time", { datetime: machineTime(session.updated_at) }, time(session.updated_at))],
    session.consumers.length ? [t("facts.consumer"), session.consumers.map((name, at) => [at ? ", " : "", el("bdi", {}, oneLine(name))])] : null,
  ];
  const unpriced = notInIt(session);
  return [
    el("h2", {}, t("facts.cost")),
    el("p", { class: "value" }, cost(session)),
    unpriced ? el("p", { class: "foot" }, unpriced) : null,
    [assumedIn(session), ...otherReadings(session)].filter(Boolean).map((words) => el("p", { class: "foot assumed" }, words)),
    session.at_least ? el("p", { class: "foot" }, t("note.atLeast", { count: session.at_least, rounds: count(session.at_least) })) : null,
    el("dl", {}, rows.filter(Boolean).map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)))),
    notes.map(({ code, rounds }) => (NOTE_TEXTS[code] ? el("p", { class: "foot" }, t(NOTE_TEXTS[code], { count: rounds, rounds: count(rounds) })) : null)),
  ];
}

/** How many rounds failed, as a way to the next of them, and how many were left. */
function ended({ failed_count: failed, left_count: left }, onFailed) {
  const way = () => button({ class: "link failed", title: t("keys.nextFailed") }, onFailed, t("failedRounds", { count: failed, rounds: count(failed) }));
  return [
    failed ? el("small", {}, " ", way()) : null,
    left ? el("small", { title: t("round.left") }, ` ${t("leftRounds", { count: left, rounds: count(left) })}`) : null,
  ];
}

function composition({ parts, session }) {
  const shown = parts.filter((part) => part.tokens);
  const all = shown.reduce((sum, part) => sum + part.tokens, 0);
  const label = shown.map((part) => `${t(PART_TEXTS[part.kind])} ${percent(part.tokens / all)}`).join(", ");
  const dollars = shown.reduce((sum, part) => sum + approximateDollars(part.cost_usd), 0);
  return [
    el("h2", {}, t("parts.title")),
    el("p", { class: "of-bar" }, el("small", {}, t("metric.tokens")), partsBar(shown.map((part) => [PART_CLASSES[part.kind], part.tokens]), `${t("metric.tokens")}: ${label}`)),
    dollars > 0
      ? el("p", { class: "of-bar" }, el("small", {}, t("metric.cost")), partsBar(shown.map((part) => [PART_CLASSES[part.kind], approximateDollars(part.cost_usd)]), `${t("metric.cost")}: ${shown.map((part) => `${t(PART_TEXTS[part.kind])} ${money(part.cost_usd)}`).join(", ")}`))
      : null,
    el(
      "table",
      {},
      el("thead", { class: "hidden" }, el("tr", {}, ["parts.kind", "metric.tokens", "metric.cost"].map((key) => el("th", { scope: "col" }, t(key))))),
      el(
        "tbody",
        {},
        shown.map((part) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, el("i", { class: `swatch ${PART_CLASSES[part.kind]}` }), t(PART_TEXTS[part.kind])),
            el("td", { class: "number", title: count(part.tokens) }, bounded(session, compact(part.tokens))),
            el("td", { class: "number" }, part.cost_usd === null ? "–" : bounded(session, money(part.cost_usd))),
          ),
        ),
      ),
    ),
  ];
}

function models({ models: rows }) {
  const most = Math.max(...rows.map((row) => row.calls));
  return [
    el("h2", {}, t("groups.models")),
    table(
      ["column.name", "column.rounds", "column.cost"],
      rows.map((row) => [
        [swatchOf(row.model), row.model === null ? t("notNamed") : el("bdi", { title: oneLine(row.model) }, cutInMiddle(row.model, 26))],
        [count(row.calls), coloured(meter(row.calls / most), row.model)],
        cost(row),
      ]),
    ),
  ];
}

function tools({ tools: rows }) {
  return [
    el("h2", {}, t("groups.tools")),
    table(
      ["column.tool", "column.calls", "column.failures", "column.perResult"],
      rows.map((row) => [
        el("bdi", { title: oneLine(row.tool) }, cutInMiddle(row.tool, 22)),
        count(row.calls),
        row.failed ? el("span", { class: "failed" }, count(row.failed)) : "0",
        row.measured ? compact(Math.round(row.tokens / row.measured)) : "–",
      ]),
    ),
  ];
}

function table(columns, rows) {
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, columns.map((column, at) => el("th", { scope: "col", class: at ? "number" : null }, t(column))))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, at) => el(at ? "td" : "th", { scope: at ? null : "row", class: at ? "number" : null }, cell))))),
  );
}

function exports(id, formats) {
  const link = (format) => el("a", { class: "quiet", href: apiAddress("session/export", { id, format }), download: true }, icon("save"), format.toUpperCase());
  return [el("h2", {}, t("export.title")), el("p", { class: "row" }, formats.map(link))];
}
