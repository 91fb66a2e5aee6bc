// Which sides are compared, and how is one added or taken away?

import { button, el, fill } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { ask } from "../shared/net/api.js";
import { cost, count, time } from "../shared/text/format.js";
import { beginning, cutInMiddle, oneLine } from "../shared/text/log_text.js";
import { titleOf } from "../shared/text/session_names.js";
import { language, t } from "../shared/text/texts.js";
import { swatchOf } from "../shared/ui/colours.js";
import { announce } from "../shared/ui/notices.js";
import { addressOf, key } from "./panels.js";
import { MOST, choose, periodsOf, valuesOf } from "./view.js";

/** Days stand for themselves, whatever the reader's zone. */
const dayNames = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" });
const UNNAMED = "-";
const OFFERED = 20;

/** What a side is called, on one line of at most so many letters. */
export function nameOf(wanted, side, at, most = 60) {
  if (wanted.of === "period") return periodName(periodsOf(wanted)[at] ?? {});
  if (wanted.of === "session") return side.session ? beginning(titleOf(side.session, side.isRedacted), most) : cutInMiddle(side.name, most);
  return side.name === null ? t("notNamed") : cutInMiddle(side.name, most);
}

function periodName({ since = "", until = "" }) {
  const shown = (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? dayNames.format(Date.parse(text)) : oneLine(text));
  if (!since && !until) return t("range.all");
  return since === until ? shown(since) : `${since ? shown(since) : "…"} – ${until ? shown(until) : "…"}`;
}

/** The sides, each with what it is, and what adds another. */
export function showChooser(box, wanted, sides, known) {
  const values = sidesOf(wanted, sides);
  const isOpen = wanted.of !== "period" || wanted.pair === "custom";
  const without = (at) => (now) => now.filter((value, other) => (now.length === values.length ? other !== at : value !== values[at]));
  const remove = (at, name) => button({ class: "quiet square", id: `remove-${at}`, "aria-label": t("compare.remove", { name }), title: t("compare.remove", { name }) }, () => choose(values, without(at)), icon("close"));
  fill(
    box,
    el("ul", { class: "sides panel" }, sides.map((side, at) => el("li", {}, head(wanted, side, at), isOpen && sides.length > 1 ? remove(at, nameOf(wanted, side, at)) : null, dates(wanted, values, at), facts(wanted, side, at)))),
    isOpen && sides.length < MOST ? adder(wanted, values, known) : null,
  );
}

/** The sides as they stand in the address. */
export function sidesOf(wanted, sides) {
  if (wanted.of === "period") return valuesOf(periodsOf(wanted));
  return sides.map((side) => side.name ?? "");
}

function head(wanted, side, at) {
  const name = el("bdi", { title: side.name === null ? null : oneLine(side.name) }, nameOf(wanted, side, at));
  const swatch = wanted.of === "model" ? swatchOf(side.name) : null;
  return [key(at), el("h2", {}, swatch, side.href ? el("a", { href: side.href }, name) : name), el("span", { class: "cost" }, side.calls ? cost(side) : null)];
}

function facts(wanted, side, at) {
  if (wanted.of === "session" && !side.session) return el("p", { class: "lacking" }, t("compare.noSession"));
  if (!side.calls) return el("p", { class: "dim" }, t("compare.noCalls"));
  const calls = t("compare.calls", { count: side.calls, calls: count(side.calls) });
  const sessions = wanted.of === "session" ? time(side.session.created_at) : t("compare.inSessions", { count: side.sessions, sessions: count(side.sessions) });
  const href = addressOf(wanted, side, at);
  return el("p", { class: "dim" }, href ? el("a", { href }, calls) : calls, " · ", sessions);
}

/** The days of a time that can be changed. */
function dates(wanted, values, at) {
  if (wanted.of !== "period" || wanted.pair !== "custom") return null;
  const limits = values[at].split("/");
  const change = (which) => (event) => {
    const next = limits.map((limit, each) => (each === which ? event.target.value : limit));
    // Where it would end before it begins, it is the day alone that was chosen last.
    if (next[0] && next[1] && next[0] > next[1]) next.fill(event.target.value);
    choose(values, (now) => now.map((value, other) => (other === at ? next.join("/") : value)));
  };
  const date = (which, label) => el("label", {}, label, el("input", { type: "date", id: `period-${at}-${which}`, value: limits[which] ?? "", on: { change: change(which) } }));
  return el("p", { class: "dates" }, date(0, t("range.from")), date(1, t("range.to")));
}

function adder(wanted, values, known) {
  if (wanted.of === "period") return button({ class: "quiet", id: "add" }, () => choose(values, (now) => [...now, now[now.length - 1] ?? "/"].slice(0, MOST)), t("compare.addPeriod"));
  return wanted.of === "session" ? sessionField(wanted, values) : nameSelect(wanted, values, known);
}

function nameSelect(wanted, values, known) {
  const names = (wanted.of === "model" ? known.models : known.consumers).filter((name) => !values.includes(name));
  const words = t(wanted.of === "model" ? "compare.addModel" : "compare.addConsumer");
  const add = () => {
    const isUnnamed = select.value === UNNAMED && !values.includes("") && select.selectedIndex === 1;
    if (select.selectedIndex > 0) choose(values, (now) => [...now, isUnnamed ? "" : select.value]);
  };
  const unnamed = values.includes("") ? [] : [el("option", { value: UNNAMED }, t("notNamed"))];
  const select = el("select", { id: "add", "aria-label": words, on: { change: add } }, el("option", { value: "" }, words), unnamed, names.map((name) => el("option", { value: name }, oneLine(name))));
  return select;
}

/** A field for an id, or a part of one, that offers the sessions that fit. */
function sessionField(wanted, values) {
  const list = el("datalist", { id: "offered" });
  const field = el("input", { id: "add", list: "offered", autocomplete: "off", "aria-label": t("compare.addSession"), placeholder: t("compare.addSession"), on: { input: () => offer(list, field.value) } });
  const problem = el("span", { class: "lacking", role: "alert" });
  const add = async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    const found = text ? await fitting(text) : [];
    const { session_id: id } = found.find((each) => each.session_id === text) ?? found[0] ?? {};
    if (id === undefined) fill(problem, t("compare.noSession"));
    else if (values.includes(id)) announce(t("compare.there"));
    else choose(values, (now) => [...now, id]);
  };
  offer(list, "");
  return el("form", { class: "adder", on: { submit: add } }, field, list, button({ class: "quiet", id: "add-session" }, add, t("compare.add")), problem);
}

async function offer(list, text) {
  const found = await fitting(text.trim());
  fill(list, found.map((each) => el("option", { value: each.session_id }, each.title ? oneLine(each.title) : null)));
}

async function fitting(text) {
  if (Array.from(text).length > 200) return [];
  try {
    return (await ask("sessions", { q: text, limit: OFFERED })).data.sessions;
  } catch {
    return [];
  }
}
